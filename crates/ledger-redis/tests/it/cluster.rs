//! A Redis Cluster of three masters with a replica each.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::fixture::server::{STEADY, TIMEOUT, Told, cluster};
use crate::fixture::{LONG, all_cases, created, key, member, rejoined, settings, until, write};
use ledger_redis::{RedisLedger, Settings};
use ports::{Created, Fence, Ledger, LedgerError, ListFilter, Members, Permits, Records, Swapped};
use servers::redis::{Cluster, Reply};
use tokio::time::Instant;

fn patient(url: &str) -> Settings {
    Settings { timeout: TIMEOUT, ..settings(url) }
}

async fn open(cluster: &Cluster) -> (RedisLedger, Settings) {
    let settings = patient(&cluster.url());
    (RedisLedger::connect(settings.clone()).await.unwrap(), settings)
}

fn master_of(cluster: &Cluster, key: &str) -> usize {
    cluster.master_of(key).unwrap_or_else(|| panic!("no node has {key}"))
}

/// The node with a tag of this ledger.
fn master(cluster: &Cluster, settings: &Settings, tag: &str) -> usize {
    master_of(cluster, &format!("{{{}:{tag}}}:generation", settings.namespace))
}

/// Records that are on every shard.
async fn fill(ledger: &RedisLedger, fence: &Fence) {
    for n in 0..20 {
        created(ledger, fence, &format!("job-{n}")).await;
    }
}

async fn listed(ledger: &RedisLedger) -> usize {
    let all = ListFilter { limit: 10_000, ..ListFilter::default() };
    ledger.list(&all).await.unwrap().len()
}

/// The servers themselves refuse a script whose keys are in different slots.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_passes_the_whole_suite() {
    let cluster = cluster(&[STEADY]).await;
    for shards in [4, 7] {
        let settings = || Settings { shards, ..settings(&cluster.url()) };
        all_cases(settings, async |_| {}).await;
    }
}

#[tokio::test]
async fn one_known_node_is_enough_to_find_the_others() {
    let cluster = cluster(&[]).await;
    // A replica, which has no keys itself.
    let url = format!("redis-cluster://127.0.0.1:{}", cluster.servers[4].port());
    let ledger = RedisLedger::connect(patient(&url)).await.unwrap();
    let fence = member(&ledger, 1).await;
    fill(&ledger, &fence).await;
    assert_eq!(listed(&ledger).await, 20);
    let mut seen = 0;
    ledger.visit(&ListFilter::default(), &mut |_| seen += 1).await.unwrap();
    assert_eq!(seen, 20);
    ledger.erase().await.unwrap();
    assert_eq!(listed(&ledger).await, 0);
    for node in &cluster.servers {
        assert_eq!(node.tell(&["DBSIZE"]), Reply::Number(0));
    }
}

#[tokio::test]
async fn a_killed_master_is_replaced_and_the_generation_ends() {
    let mut cluster = cluster(&[]).await;
    let (ledger, settings) = open(&cluster).await;
    let before = member(&ledger, 1).await;
    fill(&ledger, &before).await;
    let lost = master(&cluster, &settings, "1");
    cluster.servers[lost].is_copied().await.unwrap();
    cluster.servers[lost].kill();
    // A process that starts meanwhile waits for the new master.
    let waiting = RedisLedger::connect(Settings { timeout: LONG, ..settings.clone() }).await;
    assert_eq!(waiting.map(drop), Ok(()));
    let after = rejoined(&ledger, &before).await;
    assert_eq!(ledger.renew(&before, LONG).await, Err(LedgerError::GenerationChanged));
    assert_eq!(listed(&ledger).await, 20);
    for n in 0..20 {
        let answer = ledger.swap(&after, 1, write(&format!("job-{n}"))).await;
        assert_eq!(answer, Ok(Swapped::Done(2)), "job-{n}");
    }
    // A process that starts now, with the dead node first in its URL.
    let url = format!("redis+cluster://127.0.0.1:{},", cluster.servers[lost].port());
    let url = cluster.url().replace("redis+cluster://", &url);
    let late = RedisLedger::connect(Settings { url: url.into(), ..settings }).await.unwrap();
    assert_eq!(member(&late, 3).await.generation, after.generation);
}

#[tokio::test]
async fn a_cluster_without_a_node_that_answers_says_why() {
    // Nobody listens there, and no other test will.
    let nodes = [1, 2].map(|port| format!("127.0.0.1:{port}"));
    let answer =
        RedisLedger::connect(patient(&format!("redis+cluster://{}", nodes.join(",")))).await;
    match answer.map(drop) {
        Err(LedgerError::Unavailable(text)) => assert!(text.contains("refused"), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lost_master_disturbs_only_its_own_tags() {
    let mut cluster = cluster(&["cluster-require-full-coverage no"]).await;
    let (ledger, settings) = open(&cluster).await;
    let fence = member(&ledger, 1).await;
    let permits = master(&cluster, &settings, "permits");
    let mut other = permits;
    // The four shards are in four different quarters of the slots.
    for tag in ["0", "1", "2", "3"] {
        if other == permits {
            other = master(&cluster, &settings, tag);
        }
    }
    assert_ne!(other, permits);
    cluster.servers[other].kill();
    cluster.servers[other + 3].kill();
    for _ in 0..20 {
        assert_eq!(ledger.end_turn(&fence, "pool").await, Ok(()));
    }
}

#[tokio::test]
async fn a_frozen_master_is_replaced_and_its_late_writes_are_not_trusted() {
    let cluster = cluster(&[]).await;
    let (ledger, settings) = open(&cluster).await;
    let before = member(&ledger, 1).await;
    fill(&ledger, &before).await;
    let frozen = master(&cluster, &settings, "2");
    cluster.servers[frozen].is_copied().await.unwrap();
    cluster.servers[frozen].freeze();
    let asked = Instant::now();
    assert!(ledger.renew(&before, LONG).await.is_err());
    assert!(asked.elapsed() < TIMEOUT * 2, "{:?}", asked.elapsed());
    let after = rejoined(&ledger, &before).await;
    created(&ledger, &after, "meanwhile").await;
    cluster.servers[frozen].thaw();
    cluster.servers[frozen].shows(&["INFO", "replication"], "role:slave").await;
    assert_eq!(listed(&ledger).await, 21);
    ledger.renew(&after, LONG).await.unwrap();
}

#[tokio::test]
async fn a_failover_that_loses_writes_ends_the_generation() {
    let mut cluster = cluster(&[]).await;
    let (ledger, settings) = open(&cluster).await;
    let before = member(&ledger, 1).await;
    fill(&ledger, &before).await;
    let lost = master(&cluster, &settings, "0");
    let replica = lost + 3;
    cluster.servers[lost].is_copied().await.unwrap();
    cluster.servers[replica].freeze();
    // Otherwise it would read them from its socket when it wakes up.
    cluster.servers[lost].tell(&["CLIENT", "KILL", "TYPE", "replica"]);
    for n in 0..20 {
        created(&ledger, &before, &format!("late-{n}")).await;
    }
    cluster.servers[lost].kill();
    cluster.servers[replica].thaw();
    let after = rejoined(&ledger, &before).await;
    let left = listed(&ledger).await;
    assert!((20..40).contains(&left), "the replica has lost records: {left}");
    assert_eq!(ledger.create(&before, write("x")).await, Err(LedgerError::GenerationChanged));
    created(&ledger, &after, "x").await;
}

/// As an operator does, key by key.
fn move_slot(cluster: &Cluster, key: &str, to: usize) {
    let from = master_of(cluster, key);
    let slot = cluster.servers[from].tell(&["CLUSTER", "KEYSLOT", key]).to_string();
    let (source, target) = (&cluster.servers[from], &cluster.servers[to]);
    let [source_id, target_id] =
        [source, target].map(|node| node.tell(&["CLUSTER", "MYID"]).to_string());
    target.tell(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source_id]);
    source.tell(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target_id]);
    loop {
        let key = source.tell(&["CLUSTER", "GETKEYSINSLOT", &slot, "1"]).to_string();
        if key.is_empty() {
            break;
        }
        let port = target.port().to_string();
        source.tell(&["MIGRATE", "127.0.0.1", &port, &key, "0", "1000"]);
        // Slow enough that callers meet a slot of which some keys have gone.
        std::thread::sleep(Duration::from_millis(5));
    }
    for node in [target, source] {
        node.tell(&["CLUSTER", "SETSLOT", &slot, "NODE", &target_id]);
    }
}

/// Creates records until the slots were moved, as a process does that must lose none.
/// Slots with keys of this ledger.
fn move_slots(cluster: Cluster, settings: &Settings) -> Cluster {
    for tag in ["0", "1", "2", "3", "permits"] {
        let key = format!("{{{}:{tag}}}:generation", settings.namespace);
        let to = (master_of(&cluster, &key) + 1) % 3;
        move_slot(&cluster, &key, to);
        assert_eq!(master_of(&cluster, &key), to);
    }
    cluster
}

async fn create_until(ledger: &RedisLedger, first: Fence, stop: &AtomicBool) -> usize {
    let (mut fence, mut confirmed) = (first, 0);
    // The slots may be moved before the first one is created: that one is created afterwards.
    while confirmed == 0 || !stop.load(Ordering::Relaxed) {
        match ledger.create(&fence, write(&format!("moved-{confirmed}"))).await {
            Ok(Created::New | Created::Exists(_)) => confirmed += 1,
            Err(LedgerError::GenerationChanged) => fence = rejoined(ledger, &fence).await,
            Err(LedgerError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    confirmed
}

#[tokio::test]
async fn moving_a_slot_loses_no_record() {
    let cluster = cluster(&[]).await;
    let (ledger, settings) = open(&cluster).await;
    let first = member(&ledger, 1).await;
    fill(&ledger, &first).await;
    let stop = AtomicBool::new(false);
    let all = tokio::task::spawn_blocking(move || move_slots(cluster, &settings));
    let moving = async {
        let cluster = all.await.unwrap();
        stop.store(true, Ordering::Relaxed);
        cluster
    };
    let (_cluster, confirmed) = tokio::join!(moving, create_until(&ledger, first, &stop));
    assert!(confirmed > 0);
    for n in 0..confirmed {
        assert!(ledger.load(&key(&format!("moved-{n}"))).await.unwrap().is_some(), "moved-{n}");
    }
    assert_eq!(listed(&ledger).await, 20 + confirmed);
}

#[tokio::test]
async fn what_is_at_risk_is_reported() {
    let mut cluster = cluster(&[]).await;
    let (ledger, _) = open(&cluster).await;
    let warnings = ledger.warnings().await.unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("appendonly is no"), "{warnings:?}");
    for replica in 3..6 {
        cluster.servers[replica].kill();
    }
    until("the missing replicas to be noticed", async || {
        ledger.warnings().await.unwrap().iter().any(|warning| warning.contains("no replica"))
    })
    .await;
}
