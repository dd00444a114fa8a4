//! What is expected on the broker, what is found there, and that no difference is overwritten.

use std::time::Duration;

use crate::fixture::node::Node;
use crate::fixture::{Ground, RawClient, open, settings};
use broker_rabbitmq::topology::{Found, Risk};
use broker_rabbitmq::{RabbitBroker, Settings};
use conformance::broker::Opened;
use job::RetryDelay;
use ports::{Broker, BrokerError, Destination, JournalStart, Message, PublishError, Source};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_shown_and_made_only_when_asked() {
    let mut settings = settings();
    settings.manage_topology = false;
    let _ground = Ground::new(settings.clone());
    let topology = settings.topology();
    let Err(BrokerError::Differs(text)) = RabbitBroker::connect(settings.clone()).await.map(|_| ())
    else {
        panic!("an empty broker was accepted");
    };
    for queue in topology.queues.iter().filter(|queue| !queue.optional) {
        assert!(text.contains(&format!("queue {} is missing", queue.name)), "{text}");
    }
    let findings = topology.show(&settings).await.unwrap();
    assert_eq!(findings.len(), 49 + 18);
    assert!(findings.iter().all(|finding| finding.found == Found::Missing), "looking made it");
    topology.apply(&settings).await.unwrap();
    topology.apply(&settings).await.unwrap();
    let findings = topology.show(&settings).await.unwrap();
    assert!(findings.iter().all(|finding| finding.found == Found::AsExpected), "{findings:?}");
    let broker = RabbitBroker::connect(settings.clone()).await.unwrap();
    assert_eq!(broker.check().await, Ok(()));
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_difference_is_reported_in_the_brokers_words_and_not_changed() {
    let scratch = open().await;
    let mut other = scratch.settings.clone();
    other.lane_max_length = 7;
    other.journal_max_age = scratch.settings.journal_max_age * 2;
    for manage_topology in [true, false] {
        other.manage_topology = manage_topology;
        let Err(BrokerError::Differs(text)) =
            RabbitBroker::connect(other.clone()).await.map(|_| ())
        else {
            panic!("a difference was accepted");
        };
        let lane = format!("queue {}.jobs.videos.high: ", other.namespace);
        for part in
            [lane.as_str(), "PRECONDITION_FAILED", "x-max-length", "x-max-age", "ledger.retention"]
        {
            assert!(text.contains(part), "no {part:?} in: {text}");
        }
    }
    let findings = other.topology().show(&other).await.unwrap();
    let differing = |found: &Found| matches!(found, Found::Differs(_));
    let differing = findings.iter().filter(|finding| differing(&finding.found));
    assert_eq!(differing.count(), 9 + 24 + 1);
    assert_eq!(scratch.broker.check().await, Ok(()), "the first is unharmed");
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_binding_is_made_again() {
    let scratch = open().await;
    let raw = RawClient::open(&scratch.settings).await;
    raw.unbind("jobs.videos.normal", "jobs", "videos.#.normal").await;
    let message = ports::Message::json("a", "{}");
    let to = crate::fixture::jobs(crate::fixture::VIDEO_KEY);
    assert!(scratch.broker.publish(&to, message.clone()).await.is_err());
    scratch.settings.topology().apply(&scratch.settings).await.unwrap();
    scratch.broker.publish(&to, message).await.unwrap();
    scratch.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_keeps_more_than_is_asked_will_do() {
    let scratch = open().await;
    let mut other = scratch.settings.clone();
    other.journal_max_age = Duration::from_secs(60);
    for manage_topology in [true, false] {
        other.manage_topology = manage_topology;
        RabbitBroker::connect(other.clone()).await.expect("taken as it is").close().await;
    }
    let findings = other.topology().show(&other).await.unwrap();
    assert!(findings.iter().all(|finding| finding.found == Found::AsExpected), "{findings:?}");
    scratch.close().await;
}

/// Queues of an installation from before queues asked for their leader.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_did_not_ask_for_its_leader_will_do() {
    let settings = settings();
    let _ground = Ground::new(settings.clone());
    let raw = RawClient::open(&settings).await;
    for queue in settings.topology().queues.iter().filter(|queue| !queue.optional) {
        raw.declare_without(queue, "x-queue-leader-locator").await;
    }
    for manage_topology in [true, false] {
        let settings = Settings { manage_topology, ..settings.clone() };
        RabbitBroker::connect(settings).await.expect("taken as they are").close().await;
    }
    let findings = settings.topology().show(&settings).await.unwrap();
    assert!(findings.iter().all(|finding| finding.found == Found::AsExpected), "{findings:?}");
    let mut other = settings.clone();
    other.lane_max_length = 7;
    let findings = other.topology().show(&other).await.unwrap();
    let lengths =
        |found: &Found| matches!(found, Found::Differs(text) if text.contains("x-max-length"));
    assert_eq!(findings.iter().filter(|finding| lengths(&finding.found)).count(), 9 + 24);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_our_user_may_not_do_is_found_without_doing_it() {
    let node = Node::start().await;
    let mut settings = Settings::new(node.url(), "looked");
    settings.topology().apply(&settings).await.unwrap();
    assert_eq!(settings.topology().forbidden(&settings).await, Ok(Vec::new()));
    node.control(&["add_user", "clerk", "clerk"]).await;
    let (write, read) = (
        r"^looked\.(later|overflow|results|jobs|webhooks).*$",
        r"^looked\.(jobs|overflow|dead|webhooks).*$",
    );
    // RabbitMQ 4.3 shows nothing of what a user has no permission for at all.
    let configure = r"^looked\.(unrouted|broker-dead|journal)$";
    node.control(&["set_permissions", "clerk", configure, write, read]).await;
    settings.url = node.url().replace("guest:guest", "clerk:clerk").into();
    let forbidden = settings.topology().forbidden(&settings).await.unwrap();
    let words: Vec<String> = forbidden.iter().map(ToString::to_string).collect();
    let expected = [
        "no permission to write to exchange looked.dead",
        "no permission to write to exchange looked.unrouted",
        "no permission to write to exchange looked.broker-dead",
        "no permission to write to the default exchange (amq.default)",
        "no permission to read queue looked.broker-dead",
        "no permission to read queue looked.journal",
    ];
    assert_eq!(words, expected);
    let held = node.control(&["list_queues", "--quiet", "name", "messages", "consumers"]).await;
    let held: Vec<&str> = held.lines().filter(|line| line.starts_with("looked.")).collect();
    assert_eq!(held.len(), 49);
    assert!(held.iter().all(|line| line.ends_with("\t0\t0")), "{held:?}");
    refused_by_name(settings).await;
}

/// In use, a missing permission is another error than a broker that is unavailable.
async fn refused_by_name(mut settings: Settings) {
    settings.manage_topology = false;
    let broker = RabbitBroker::connect(settings).await.expect("connected");
    let line = || Message::json("line", "{}");
    let journal = broker.publish(&Destination::Journal, line()).await;
    assert!(matches!(journal, Err(PublishError::Denied(_))), "{journal:?}");
    let journal = broker.consume(&Source::Journal(JournalStart::First), 1).await;
    assert!(matches!(journal, Err(BrokerError::Denied(_))));
    let to = Destination::Later { delay: RetryDelay::TenMinutes, routing_key: "a.b".into() };
    assert_eq!(broker.publish(&to, line()).await, Ok(()), "others go on");
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_can_lose_jobs_is_found_with_the_management_plugin() {
    let node = Node::managed().await;
    let mut settings = Settings::new(node.url(), "ruled");
    let topology = settings.topology();
    topology.apply(&settings).await.unwrap();
    settings.management_port = 1;
    assert_eq!(topology.risks(&settings).await, None, "nobody tells");
    settings.management_port = node.management_port();
    assert_eq!(topology.risks(&settings).await, Some(Vec::new()));
    let short = r#"{"message-ttl": 60000}"#;
    node.control(&["set_policy", "short", r"^ruled\.jobs\.videos", short]).await;
    let expected = ["high", "normal", "low"].map(|priority| Risk {
        queue: format!("ruled.jobs.videos.{priority}"),
        policy: "short".to_owned(),
        key: "message-ttl".to_owned(),
        value: "60000".to_owned(),
    });
    // The plugin shows the policy with a delay, and not for all queues at once.
    let mut seen = None;
    crate::fixture::soon(async {
        while seen.as_ref().is_none_or(|seen: &Vec<Risk>| seen.len() < expected.len()) {
            seen = topology.risks(&settings).await;
        }
    })
    .await;
    assert_eq!(seen.unwrap(), expected);
}
