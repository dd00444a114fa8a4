//! Finds settings of the server that lose data in a crash.

use futures::future::try_join_all;
use ports::LedgerError;

use crate::RedisLedger;
use crate::clocks;
use crate::link::{Link, Repeat};
use crate::server_facts::ServerFacts;

/// Queries every server on every call.
pub(crate) async fn warnings(ledger: &RedisLedger) -> Result<Vec<String>, LedgerError> {
    let each = ledger.links.each().map(|link| of_server(ledger, link));
    let mut found = Vec::new();
    for warning in try_join_all(each).await?.into_iter().flatten() {
        if !found.contains(&warning) {
            found.push(warning);
        }
    }
    found.extend(clocks::warning(ledger).await?);
    Ok(found)
}

async fn of_server(ledger: &RedisLedger, link: &Link) -> Result<Vec<String>, LedgerError> {
    let facts = link.ask_facts().await?;
    let mut found = of_facts(&facts);
    match (facts.is_told(), appendfsync(link).await?) {
        (true, Some(policy)) if facts.appends() => found.extend(of_policy(&policy)),
        (true, None) if facts.appends() => found.push(
            "appendfsync cannot be asked for (CONFIG is not allowed): it should be everysec or \
             always"
                .to_owned(),
        ),
        _ => {}
    }
    if facts.is_told() && ledger.links.may_change() {
        found.extend(of_replicas(&facts, ledger.links.are_many()));
    }
    Ok(found)
}

/// `None` if the server does not permit the query.
async fn appendfsync(link: &Link) -> Result<Option<String>, LedgerError> {
    let mut command = redis::cmd("CONFIG");
    command.arg("GET").arg("appendfsync");
    match link.ask::<Vec<String>>(&command, Repeat::Safe).await {
        Ok(answer) => Ok(answer.into_iter().nth(1)),
        Err(LedgerError::Denied(_)) => Ok(None),
        // A managed server may not know the command, which is another error.
        Err(LedgerError::Unavailable(text)) if text.starts_with("ERR") => Ok(None),
        Err(error) => Err(error),
    }
}

/// What loses data, or stops the ledger, when a master fails.
fn of_replicas(facts: &ServerFacts, in_cluster: bool) -> Option<String> {
    if facts.get("connected_slaves") == "0" {
        return Some("a master has no replica: the ledger stops when it fails".to_owned());
    }
    // It is reported only if it is set. A master of a cluster stops by itself when it is cut off.
    (!in_cluster && facts.get("min_slaves_good_slaves").is_empty()).then(|| {
        "min-replicas-to-write is 0: a master that was cut off and replaced goes on accepting \
         writes, which are lost; set it to 1"
            .to_owned()
    })
}

fn of_facts(facts: &ServerFacts) -> Vec<String> {
    if !facts.is_told() {
        return vec![
            "its user may not ask for INFO: whether it is set up safely is unknown".into(),
        ];
    }
    let mut found = Vec::new();
    if !facts.appends() {
        found.push(
            "appendonly is no: when Redis restarts, what was written since its last snapshot is \
             lost and jobs wait until it is rebuilt from the journal; set appendonly yes"
                .to_owned(),
        );
    }
    for (name, what) in [
        ("aof_last_write_status", "the last write to the append-only file"),
        ("aof_last_bgrewrite_status", "the last rewrite of the append-only file"),
        ("rdb_last_bgsave_status", "the last snapshot"),
    ] {
        if facts.get(name) == "err" {
            found.push(format!("{what} failed: look at the server's disk and log"));
        }
    }
    let policy = facts.get("maxmemory_policy");
    if !matches!(policy, "" | "noeviction") {
        found.push(format!(
            "maxmemory-policy is {policy}: records are dropped once maxmemory is set and reached; \
             set it to noeviction"
        ));
    }
    found
}

fn of_policy(appendfsync: &str) -> Option<String> {
    (!matches!(appendfsync, "everysec" | "always")).then(|| {
        format!(
            "appendfsync is {appendfsync}: a power cut loses what the system has not written; set \
             it to everysec or always"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_info(info: &str) -> Vec<String> {
        of_facts(&ServerFacts::read(info))
    }

    #[test]
    fn each_thing_that_is_off_is_named() {
        assert!(of_info("aof_enabled:1\nmaxmemory_policy:noeviction").is_empty());
        for (info, word) in [
            ("aof_enabled:0", "appendonly is no"),
            ("redis_version:7.0.0", "appendonly is no"),
            ("aof_enabled:1\naof_last_write_status:err", "append-only file failed"),
            ("aof_enabled:1\nrdb_last_bgsave_status:err", "snapshot failed"),
            ("aof_enabled:1\nmaxmemory_policy:allkeys-lru", "allkeys-lru"),
            ("", "INFO"),
        ] {
            let found = of_info(info);
            assert!(found.len() == 1 && found[0].contains(word), "{info}: {found:?}");
        }
    }

    #[test]
    fn a_master_without_a_replica_or_without_a_brake_is_named() {
        let of = |info: &str, in_cluster| of_replicas(&ServerFacts::read(info), in_cluster);
        assert!(of("connected_slaves:0", true).unwrap().contains("no replica"));
        assert!(of("connected_slaves:1", false).unwrap().contains("min-replicas-to-write"));
        assert_eq!(of("connected_slaves:1", true), None);
        assert_eq!(of("connected_slaves:1\nmin_slaves_good_slaves:1", false), None);
    }

    #[test]
    fn only_a_policy_that_reaches_the_disk_is_safe() {
        assert_eq!((of_policy("always"), of_policy("everysec")), (None, None));
        assert!(of_policy("no").unwrap().contains("appendfsync is no"));
    }
}
