//! Invalid messages and invalid jobs: they are kept with reason and bytes, and do not delay the
//! next job.

use std::time::{Duration, Instant};

use job::EventKind;
use ports::{Broker, Delivery, Destination, Message, Source, header};
use serde_json::{Value, json};

use crate::harness::{Backend, Consumer, Environment, Provider, Python, Wish, soon, until};

/// A valid job right behind an invalid message is done within this.
const FEW_SECONDS: Duration = Duration::from_secs(8);

struct Bad {
    name: &'static str,
    key: &'static str,
    message_id: &'static str,
    body: Vec<u8>,
    reason: &'static str,
    field: Option<&'static str>,
    /// Its tenant can be read.
    is_whose: bool,
    has_metadata: bool,
    /// Each of these texts is in the human-readable output.
    says: &'static [&'static str],
}

const VIDEO: &str = "videos.text2video.normal";

fn table() -> Vec<Bad> {
    let bad = |name, reason, says, body: Vec<u8>| Bad {
        name,
        key: VIDEO,
        message_id: name,
        field: None,
        is_whose: !matches!(name, "empty" | "words" | "no-text" | "array" | "tenant"),
        has_metadata: false,
        body,
        reason,
        says,
    };
    let at = |field, bad: Bad| Bad { field: Some(field), has_metadata: true, ..bad };
    let job = |change: Value| {
        let mut job = json!({
            "operation": "videos/text2video", "request": {"prompt": "x"}, "metadata": {"order": "7"},
        });
        for (key, value) in change.as_object().expect("an object") {
            job[key] = value.clone();
        }
        job.to_string().into_bytes()
    };
    let request = |request: Value| job(json!({"request": request}));
    let mut table = vec![
        bad("empty", "not_json", &[], Vec::new()),
        bad("words", "not_json", &[], b"make me a video".to_vec()),
        bad("no-text", "not_json", &[], vec![0xff, 0xfe, 0x00, 0x80]),
        bad("array", "not_a_job", &["object"], b"[{\"id\": \"a\"}]".to_vec()),
        at(
            "prioritty",
            bad("typo", "not_a_job", &["prioritty"], job(json!({"prioritty": "high"}))),
        ),
        at(
            "priority",
            bad("priority", "not_a_job", &["urgent", "high"], job(json!({"priority": "urgent"}))),
        ),
        at(
            "deadline",
            bad("deadline", "not_a_job", &["RFC 3339"], job(json!({"deadline": "tomorrow"}))),
        ),
        at("request", bad("request", "not_a_job", &["request"], job(json!({"request": "a cat"})))),
        at("tenant", bad("tenant", "not_a_job", &["tenant"], job(json!({"tenant": "a/b"})))),
        at(
            "cfg_scale",
            bad("range", "invalid_request", &["cfg_scale", "3", "1"], {
                request(json!({"prompt": "x", "cfg_scale": 3}))
            }),
        ),
        at(
            "prompt",
            bad("type", "invalid_request", &["prompt"], request(json!({"prompt": ["x"]}))),
        ),
        at("prompt", bad("no-prompt", "invalid_request", &["prompt"], request(json!({})))),
        at(
            "prompt",
            bad("long", "invalid_request", &["prompt", "10000", "2500"], {
                request(json!({"prompt": "x".repeat(10_000)}))
            }),
        ),
        at(
            "external_task_id",
            bad("ours", "invalid_request", &["external_task_id"], {
                request(json!({"prompt": "x", "external_task_id": "mine"}))
            }),
        ),
    ];
    let poem = job(json!({"operation": "videos/poem"}));
    table.push(Bad {
        key: "videos.poem.normal",
        ..at("operation", bad("poem", "unknown_operation", &["videos/poem"], poem))
    });
    let nowhere = job(json!({"operation": "../x"}));
    table.push(at("operation", bad("nowhere", "unknown_operation", &["../x"], nowhere)));
    table.push(Bad {
        key: "videos.text2video.high",
        has_metadata: true,
        ..bad("key", "routing_key_disagrees", &[VIDEO], job(json!({})))
    });
    table.push(Bad {
        message_id: "",
        ..bad("nobody", "not_a_job", &["message_id"], job(json!({})))
    });
    table
}

async fn publish(broker: &dyn Broker, key: &str, id: &str, body: Vec<u8>) {
    let to = Destination::Jobs { routing_key: key.to_owned() };
    broker.publish(&to, Message::json(id, body)).await.expect("published");
}

async fn publish_wish(broker: &dyn Broker, wish: &Wish) {
    publish(broker, &wish.routing_key(), &wish.id, wish.body()).await;
}

async fn dead_letter(broker: &dyn Broker) -> Delivery {
    let mut letters = broker.consume(&Source::Dead, 1).await.expect("the dead letters");
    soon("a dead letter comes", letters.next()).await.expect("a letter")
}

on_each_backend!(
    bad_messages_are_kept_and_the_next_job_is_not_delayed,
    another_request_under_a_known_id_is_a_conflict,
    the_same_id_of_another_tenant_is_another_job,
    the_same_message_twice_is_done_once,
    a_large_inline_image_is_refused_before_it_is_published,
);

async fn bad_messages_are_kept_and_the_next_job_is_not_delayed(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let (broker, consumer) = (environment.broker().await, Consumer::subscribed(&environment).await);
    for bad in table() {
        let good = Wish::video(&format!("good-after-{}", bad.name));
        publish(broker.as_ref(), bad.key, bad.message_id, bad.body.clone()).await;
        publish_wish(broker.as_ref(), &good).await;
        let published = Instant::now();
        let event = consumer.receives(&good.id).await;
        assert_eq!(event.kind(), Some(EventKind::Succeeded), "after {}", bad.name);
        let took = published.elapsed();
        assert!(took < FEW_SECONDS, "{} delayed the next job by {took:?}", bad.name);

        let letter = dead_letter(broker.as_ref()).await;
        let detail = letter.message.get(header::DETAIL).unwrap_or_default();
        assert_eq!(letter.message.get(header::REASON), Some(bad.reason), "{}: {detail}", bad.name);
        assert!(bad.says.iter().all(|word| detail.contains(word)), "{}: {detail}", bad.name);
        assert_eq!(letter.message.body, bad.body, "{}: not the original bytes", bad.name);
        assert_eq!(letter.message.get(header::ROUTING_KEY), Some(bad.key));
        letter.ack().await.expect("settled");
        if !bad.message_id.is_empty() {
            let event = consumer.receives(bad.message_id).await;
            assert_eq!(event.kind(), Some(EventKind::Rejected), "{}", bad.name);
            assert!(
                event.routing_key().starts_with("videos."),
                "{}: {}",
                bad.name,
                event.routing_key()
            );
            let error = event.data.error.as_ref().expect("an error");
            assert_eq!((error.kind.as_str(), error.advice.is_some()), (bad.reason, true));
            assert_eq!(error.field.as_deref(), bad.field, "{}", bad.name);
            let told = if bad.is_whose { "default" } else { "reelwork.unreadable" };
            assert_eq!(event.data.tenant, told, "{}", bad.name);
            let metadata = if bad.has_metadata { json!({"order": "7"}) } else { json!({}) };
            assert_eq!(json!(event.data.metadata), metadata, "{}", bad.name);
        }
    }
    let accounts = provider.accounts().await;
    assert_eq!(accounts.submissions as usize, table().len(), "a bad message was submitted");
}

async fn another_request_under_a_known_id_is_a_conflict(environment: Environment) {
    let provider = Provider::here(json!({"life_ms": 2_000})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let (broker, consumer) = (environment.broker().await, Consumer::subscribed(&environment).await);
    let first = Wish::video("order-1");
    let mut other = first.clone();
    other.request["prompt"] = "something else [job:order-1-other]".into();

    publish_wish(broker.as_ref(), &first).await;
    until("the first is under way", async || provider.tasks_of("order-1").await == 1).await;
    publish_wish(broker.as_ref(), &other).await;
    let letter = dead_letter(broker.as_ref()).await;
    assert_eq!(letter.message.get(header::REASON), Some("conflict"));
    assert_eq!(letter.message.body, other.body());
    letter.ack().await.expect("settled");

    let event = consumer.receives("order-1").await;
    assert_eq!(event.kind(), Some(EventKind::Succeeded), "the first stands");
    until("the conflict is announced", async || {
        consumer.received().count(EventKind::Conflict) == 1
    })
    .await;
    assert_eq!(provider.tasks_of("order-1-other").await, 0);
    assert_eq!(provider.accounts().await.accepted, 1);
}

async fn the_same_id_of_another_tenant_is_another_job(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let (broker, consumer) = (environment.broker().await, Consumer::subscribed(&environment).await);
    for tenant in ["acme", "globex"] {
        let mut message = Wish::video("order-1").message();
        message["tenant"] = tenant.into();
        message["request"]["prompt"] = format!("a kite [job:{tenant}]").into();
        publish(broker.as_ref(), VIDEO, "order-1", message.to_string().into_bytes()).await;
    }
    until("both tenants hear of their job", async || {
        let received = consumer.received();
        let of = |tenant| received.0.iter().any(|event| event.data.tenant == tenant);
        of("acme") && of("globex")
    })
    .await;
    assert_eq!(consumer.received().count(EventKind::Succeeded), 2);
    assert_eq!((provider.tasks_of("acme").await, provider.tasks_of("globex").await), (1, 1));
}

async fn the_same_message_twice_is_done_once(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let (broker, consumer) = (environment.broker().await, Consumer::subscribed(&environment).await);
    let wishes: Vec<Wish> = (0..20).map(|n| Wish::video(&format!("twin-{n:02}"))).collect();
    for wish in wishes.iter().chain(&wishes) {
        publish_wish(broker.as_ref(), wish).await;
    }
    let mut up = program.start_role("up", "up").await;
    let received = consumer.receives_outcomes(wishes.len()).await;
    received.has_one_outcome_each(wishes.iter().map(|wish| wish.id.as_str()));
    // The drain settles all deliveries; then nothing may be left anywhere.
    up.stop().await;
    assert_eq!(broker.depth(&Source::Dead).await.expect("a depth"), 0);
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted, accounts.double_paid), (20, 0));
    assert_eq!(accounts.submissions, 20, "a repeat was submitted");
}

async fn a_large_inline_image_is_refused_before_it_is_published(environment: Environment) {
    let mut wish = Wish::of("videos/image2video", "inline", "");
    wish.request["image"] = "A".repeat(15 * 1024 * 1024).into();
    let file = environment.file("jobs.jsonl", &wish.message().to_string());
    let program = environment.program();
    let done = program.run(&["submit", "--json", "--file", &file]).await.exits(1);
    let receipt = done.json();
    assert_eq!(receipt["status"], "invalid");
    let error = receipt["error"].as_str().expect("an error");
    assert!(error.contains("send a URL") && error.len() < 500, "{error:.500}");
    let broker = environment.broker().await;
    for lane in job::Lane::all() {
        assert_eq!(broker.depth(&Source::Lane(lane)).await.expect("a depth"), 0);
    }
}

/// A service forwards a message with all its headers, and writes numbers where Kling requires text.
#[tokio::test(flavor = "multi_thread")]
async fn copied_headers_and_numbers_stop_no_job() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let mut up = environment.program_for(&provider).start_role("up", "up").await;
    let (broker, consumer) = (environment.broker().await, Consumer::subscribed(&environment).await);
    let copied = [
        json!({"x-delivery-count": 25, "x-acquired-count": 25}),
        json!({"x-death": [{"count": 30, "reason": "expired", "queue": "elsewhere"}],
               "x-first-death-reason": "rejected", "x-last-death-reason": "delivery_limit"}),
        json!({"x-reelwork-reached": "provider", "x-reelwork-unsent": "an-intent",
               "x-reelwork-retries": "4294967295", "x-reelwork-life": "m1"}),
        json!({"x-reelwork-reason": "not_json", "x-reelwork-detail": "x",
               "x-reelwork-routing-key": "a.b.c", "x-reelwork-dead-at": "-1"}),
    ];
    let message = |n: usize, duration: Value, headers: &Value| {
        let request = json!({"prompt": format!("x [job:copy-{n}]"), "duration": duration});
        let body = json!({"operation": "videos/text2video", "request": request}).to_string();
        let (key, id) = (VIDEO, format!("copy-{n}"));
        json!({"routing_key": key, "message_id": id, "body": body, "headers": headers}).to_string()
    };
    let numbers = copied.iter().enumerate().map(|(n, headers)| message(n, json!(5), headers));
    let words = copied.iter().enumerate().map(|(n, _)| message(n, json!("5"), &json!({})));
    let lines: String = numbers.chain(words).map(|line| line + "\n").collect();
    let exchange = format!("{}.jobs", environment.namespace);
    let mut publisher = Python::start(
        &environment,
        "publisher.py",
        &[environment.amqp.as_str(), &exchange],
        &lines,
    );
    assert_eq!(publisher.ended(FEW_SECONDS).await, Some(0));
    let received = consumer.receives_outcomes(copied.len()).await;
    assert_eq!(received.count(EventKind::Succeeded), copied.len(), "{received:?}");
    // The drain settles all deliveries.
    up.stop().await;
    let received = consumer.received();
    assert_eq!(received.count(EventKind::Conflict), 0, "a number and its text are one request");
    assert_eq!(broker.depth(&Source::Dead).await.expect("a depth"), 0);
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted, accounts.double_paid), (copied.len() as u64, 0));
}
