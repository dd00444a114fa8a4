//! How many nodes each queue can lose, from what the management plugin shows. It shows members as
//! online for some time after their node has gone, so the list of running nodes decides.

use std::collections::BTreeMap;

use ports::BrokerError;
use serde_json::Value;

/// The nodes of the cluster, and the queues of our virtual host.
pub(super) struct Shown {
    pub(super) nodes: Value,
    pub(super) queues: Value,
}

/// One sentence for all queues with as many members. `Unavailable` if a queue has lost its majority.
pub(super) fn risks(ours: &[&str], shown: &Shown) -> Result<Vec<String>, BrokerError> {
    let nodes = shown.nodes.as_array().map_or(&[][..], Vec::as_slice);
    if nodes.len() < 2 {
        return Ok(Vec::new());
    }
    let running = |member: &&Value| {
        nodes.iter().any(|node| node["name"] == **member && node["running"] == true)
    };
    let mut at_risk: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
    for queue in shown.queues.as_array().into_iter().flatten() {
        let Some(name) = ours.iter().find(|name| queue["name"] == **name) else { continue };
        let Some(members) = queue["members"].as_array() else { continue };
        let up = members.iter().filter(running).count();
        if up <= members.len() / 2 + 1 {
            at_risk.entry((up, members.len())).or_default().push(name);
        }
    }
    let lost = at_risk.iter().find(|((up, members), _)| *up < members / 2 + 1);
    if let Some((counts, queues)) = lost {
        let text = format!("a majority of the nodes of {} is gone", words(counts, queues));
        return Err(BrokerError::Unavailable(text));
    }
    let sentence = |(counts, queues): (&(usize, usize), &Vec<&str>)| {
        format!("one more lost node stops {}", words(counts, queues))
    };
    Ok(at_risk.iter().map(sentence).collect())
}

/// `queue a and 2 others (2 of 3 members are up)`
fn words((up, members): &(usize, usize), queues: &[&str]) -> String {
    let first = queues.first().copied().unwrap_or_default();
    let others = match queues.len() {
        0 | 1 => String::new(),
        2 => " and 1 other".to_owned(),
        more => format!(" and {} others", more - 1),
    };
    format!("queue {first}{others} ({up} of {members} members are up)")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(running: &[bool], members: &[&[u32]]) -> Result<Vec<String>, BrokerError> {
        let node = |(index, running): (usize, &bool)| json!({"name": index, "running": running});
        let queue = |(index, members): (usize, &&[u32])| json!({"name": format!("q{index}"), "members": members});
        let shown = Shown {
            nodes: running.iter().enumerate().map(node).collect(),
            queues: members.iter().enumerate().map(queue).collect(),
        };
        risks(&["q0", "q1", "q2"], &shown)
    }

    #[test]
    fn a_queue_that_can_lose_a_node_is_no_risk() {
        let all = [0, 1, 2];
        assert_eq!(of(&[true, true, true], &[&all, &all]), Ok(vec![]));
        assert_eq!(of(&[true], &[&[0], &[0]]), Ok(vec![]), "one node is usual");
    }

    #[test]
    fn a_queue_that_cannot_is_named_with_its_members() {
        let all = [0, 1, 2];
        let told = of(&[true, false, true], &[&all, &all, &all]).unwrap();
        let expected = "one more lost node stops queue q0 and 2 others (2 of 3 members are up)";
        assert_eq!(told, [expected]);
        let told = of(&[true, true, true], &[&[1], &all]).unwrap();
        assert_eq!(told, ["one more lost node stops queue q0 (1 of 1 members are up)"]);
    }

    #[test]
    fn a_queue_without_a_majority_is_an_error() {
        let error = of(&[true, false, false], &[&[0, 1, 2], &[0]]).unwrap_err();
        let expected = "a majority of the nodes of queue q0 (1 of 3 members are up) is gone";
        assert_eq!(error.cause(), expected);
        assert!(of(&[true, true, false], &[&[2]]).is_err());
    }

    #[test]
    fn queues_of_others_are_not_looked_at() {
        let shown = Shown {
            nodes: json!([{"name": 0, "running": true}, {"name": 1, "running": false}]),
            queues: json!([{"name": "theirs", "members": [0, 1]}, {"name": "q0"}]),
        };
        assert_eq!(risks(&["q0"], &shown), Ok(vec![]));
    }
}
