//! The rights that the document for operators gives to a Redis user are enough, and none is unused.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fixture::server::{STEADY, Told, cluster, server};
use crate::fixture::{all_cases, settings};
use ledger_redis::{RedisLedger, Settings};
use ports::Ledger;
use servers::redis::Server;

/// In a cluster only.
const FOR_CLUSTER: &str = "+cluster|slots";

/// The rule of the document, for the namespaces of these tests.
fn rule() -> Vec<String> {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/README.md");
    let document = std::fs::read_to_string(document).unwrap();
    let begin = document.find("ACL SETUSER reelwork").expect("the document has the rule");
    let rule = document[begin..].split("```").next().unwrap().replace('\\', " ");
    // Keys and channels.
    let rule = rule.replace("{reelwork:*", "{test-*").replace("PASSWORD", "swordfish");
    rule.split_whitespace().map(str::to_owned).collect()
}

fn give(server: &Server, rule: &[String]) {
    server.tell(&rule.iter().map(String::as_str).collect::<Vec<_>>());
}

async fn run_suite(url: &str) {
    all_cases(
        || settings(url),
        async |ledger: Arc<RedisLedger>| {
            ledger.warnings().await.unwrap();
            ledger.erase().await.unwrap();
        },
    )
    .await;
}

/// Commands that were executed, with their subcommands.
fn used(server: &Server) -> BTreeSet<String> {
    let statistics = server.tell(&["INFO", "commandstats"]).to_string();
    let lines = statistics.lines().filter_map(|line| line.strip_prefix("cmdstat_"));
    lines.filter_map(|line| line.split_once(':')).map(|(name, _)| format!("+{name}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_rights_are_enough_and_all_are_used() {
    let server = server(&["appendonly yes"]).await;
    let rule = rule();
    give(&server, &rule);
    run_suite(&format!("redis://reelwork:swordfish@127.0.0.1:{}", server.port())).await;
    let used = used(&server);
    let unused = rule.iter().filter(|word| word.starts_with('+') && *word != FOR_CLUSTER);
    // Redis 6.2 counts no subcommands.
    let command = |word: &str| word.split('|').next().unwrap_or_default().to_owned();
    let unused = unused.filter(|word| !used.contains(*word) && !used.contains(&command(word)));
    let unused: Vec<_> = unused.collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_rights_are_enough_in_a_cluster() {
    let cluster = cluster(&[STEADY]).await;
    for node in &cluster.servers {
        give(node, &rule());
    }
    let url = cluster.url().replace("://", "://reelwork:swordfish@");
    run_suite(&url).await;
}

#[tokio::test]
async fn other_namespaces_are_out_of_reach() {
    let server = server(&[]).await;
    give(&server, &rule());
    let url = format!("redis://reelwork:swordfish@127.0.0.1:{}", server.port());
    let other = Settings { namespace: "other".to_owned(), ..settings(&url) };
    let answer = RedisLedger::connect(other).await.map(drop);
    assert!(matches!(answer, Err(ports::LedgerError::Denied(_))), "{answer:?}");
}
