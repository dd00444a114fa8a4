//! How long a journal keeps its lines. AMQP shows this only in the text of a refusal, which is
//! parsed; a text that cannot be parsed counts as different.

use std::time::Duration;

use super::{Argument, Queue};

const MAX_AGE: &str = "x-max-age";

/// The refused journal differs only by keeping its lines longer than requested.
pub(super) fn keeps_longer(queue: &Queue, refusal: &str) -> bool {
    match (wanted(queue), current(refusal)) {
        (Some(wanted), Some(current)) => current > wanted,
        _ => false,
    }
}

/// What to do about a journal that keeps its lines too short.
pub(super) fn too_short(queue: &Queue, refusal: &str) -> Option<String> {
    let (wanted, current) = (wanted(queue)?, current(refusal)?);
    let days = |age: Duration| age.as_secs_f64() / 86_400.0;
    (current < wanted).then(|| {
        format!(
            "it keeps its lines for {:.2} days, and what must be rebuilt from it is {:.2} days \
             old: lower ledger.retention, doubt.give_up, doubt.callback_wait or poll.pace; or, \
             once no job is open, delete it and run reelwork topology apply",
            days(current),
            days(wanted)
        )
    })
}

fn wanted(queue: &Queue) -> Option<Duration> {
    match queue.arguments.get(MAX_AGE)? {
        Argument::Text(text) => age(text),
        Argument::Int(_) => None,
    }
}

/// `inequivalent arg 'x-max-age' for queue …: received '1209600s' but current is '60s'`
fn current(refusal: &str) -> Option<Duration> {
    let rest = refusal.split_once("inequivalent arg 'x-max-age'")?.1;
    let rest = rest.split_once("current is '")?.1;
    age(rest.split_once('\'')?.0)
}

/// Units: RabbitMQ manual, streams, retention. RabbitMQ 4.3 shows milliseconds without a unit.
fn age(text: &str) -> Option<Duration> {
    if let Ok(milliseconds) = text.parse() {
        return Some(Duration::from_millis(milliseconds));
    }
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "Y" => 365 * 86_400,
        "M" => 30 * 86_400,
        "D" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Arguments;

    fn journal(age: &str) -> Queue {
        Queue {
            name: "ns.journal".to_owned(),
            arguments: Arguments::default().text(MAX_AGE, age),
            optional: false,
        }
    }

    fn refusal(current: &str) -> String {
        format!(
            "PRECONDITION_FAILED - inequivalent arg 'x-max-age' for queue 'ns.journal' in vhost \
             '/': received '1209600s' but current is {current}"
        )
    }

    #[test]
    fn a_longer_journal_will_do_and_a_shorter_one_will_not() {
        for (current, longer, shorter) in [
            ("'1209601s'", true, false),
            ("'15D'", true, false),
            ("'1Y'", true, false),
            ("'60s'", false, true),
            ("'1209600001'", true, false),
            ("'1209600000'", false, false),
            ("'60000'", false, true),
            ("'13D'", false, true),
            ("'14D'", false, false),
            ("none", false, false),
            ("'soon'", false, false),
            ("''", false, false),
        ] {
            let (queue, refusal) = (journal("1209600s"), refusal(current));
            assert_eq!(keeps_longer(&queue, &refusal), longer, "{current}");
            assert_eq!(too_short(&queue, &refusal).is_some(), shorter, "{current}");
        }
        let other = "PRECONDITION_FAILED - inequivalent arg 'x-max-length': current is '99Y'";
        assert!(!keeps_longer(&journal("1209600s"), other));
        let lane =
            Queue { name: "ns.jobs".to_owned(), arguments: Arguments::quorum(), optional: false };
        assert!(!keeps_longer(&lane, &refusal("'1Y'")));
    }
}
