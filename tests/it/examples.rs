//! Runs the programs of deploy/examples.

use std::path::{Path, PathBuf};
use std::time::Duration;

use job::EventKind;
use ports::{Destination, Message};
use serde_json::json;

use crate::harness::{Backend, Consumer, Environment, Node, Process, Provider, Python, until};

pub(crate) fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples").join(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_programs_count_each_job_and_event_once() {
    let environment = Environment::on(Backend::Rabbitmq);
    let (jobs, results) =
        (format!("{}.jobs", environment.namespace), format!("{}.results", environment.namespace));
    let queue = format!("{}.results.mine", environment.namespace);
    let consume = |environment: &Environment| {
        let arguments = [environment.amqp.as_str(), "#", "--exchange", &results, "--queue", &queue];
        Python::play(environment, &example("python/consumer.py"), &arguments, "")
    };
    let produce = |environment: &Environment, id: &str| {
        let arguments =
            [environment.amqp.as_str(), id, "videos/text2video", &request(id), "--exchange", &jobs];
        Python::play(environment, &example("python/producer.py"), &arguments, "")
    };
    once_each(&environment, consume, produce).await;
    let database = environment.directory().join("results.sqlite");
    assert!(database.exists(), "{}", database.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_programs_count_each_job_and_event_once() {
    let environment = Environment::on(Backend::Rabbitmq);
    let (jobs, results) =
        (format!("{}.jobs", environment.namespace), format!("{}.results", environment.namespace));
    let queue = format!("{}.results.mine", environment.namespace);
    let consume = |environment: &Environment| {
        let arguments = [environment.amqp.as_str(), "#", &results, &queue];
        Node::start(environment, &example("node/consumer.js"), &arguments, "")
    };
    let produce = |environment: &Environment, id: &str| {
        let arguments = [environment.amqp.as_str(), id, "videos/text2video", &request(id), &jobs];
        Node::start(environment, &example("node/producer.js"), &arguments, "")
    };
    once_each(&environment, consume, produce).await;
    let kept = std::fs::read_dir(environment.directory().join("events")).expect("events").count();
    assert_eq!(kept, 2);
}

/// A job that is published twice is paid once; an event that is received twice counts once.
async fn once_each(
    environment: &Environment,
    consume: impl Fn(&Environment) -> Process,
    produce: impl Fn(&Environment, &str) -> Process,
) {
    let provider = Provider::here(json!({})).await;
    let _up = environment.program_for(&provider).start_role("up", "up").await;
    let consumer = Consumer::subscribed(environment).await;
    let example = consume(environment);
    until("the consumer is bound", async || example.stdout().starts_with("ready")).await;

    for id in ["order-1", "order-1", "order-2"] {
        let mut producer = produce(environment, id);
        let ended = producer.ended(Duration::from_secs(30)).await;
        assert_eq!(ended, Some(0), "{}", producer.stderr());
        assert_eq!(producer.stdout(), format!("queued {id}\n"));
    }
    for id in ["order-1", "order-2"] {
        assert_eq!(consumer.receives(id).await.kind(), Some(EventKind::Succeeded));
        until(&format!("{id} is received"), async || example.stdout().contains(&heard_line(id)))
            .await;
        assert_eq!(provider.tasks_of(id).await, 1);
    }

    let event = consumer.receives("order-2").await;
    let repeat = Message::json(event.id.clone(), serde_json::to_vec(&event).expect("JSON"));
    let to = Destination::Results { routing_key: event.routing_key() };
    environment.broker().await.publish(&to, repeat).await.expect("published again");
    let again = "again dev.reelwork.task.succeeded.v1 order-2\n";
    until("the repeat is told apart", async || example.stdout().ends_with(again)).await;
    let lines = example.stdout();
    assert_eq!(lines.lines().filter(|line| line.starts_with("heard")).count(), 2, "{lines}");
}

/// The provider identifies jobs by the marker.
fn request(id: &str) -> String {
    json!({"prompt": format!("A cat on a beach [job:{id}]")}).to_string()
}

fn heard_line(id: &str) -> String {
    format!("heard dev.reelwork.task.succeeded.v1 {id}\n")
}
