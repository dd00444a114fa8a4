//! Runs the programs of deploy/examples.

use std::path::{Path, PathBuf};
use std::time::Duration;

use job::EventKind;
use ports::{Destination, Message};
use serde_json::json;

use crate::harness::{Audience, Backend, House, Node, Process, Provider, Python, until};

pub(crate) fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/examples").join(path)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_programs_count_each_job_and_event_once() {
    let house = House::on(Backend::Rabbitmq);
    let (jobs, results) =
        (format!("{}.jobs", house.namespace), format!("{}.results", house.namespace));
    let queue = format!("{}.results.mine", house.namespace);
    let consume = |house: &House| {
        let arguments = [house.amqp.as_str(), "#", "--exchange", &results, "--queue", &queue];
        Python::play(house, &example("python/consumer.py"), &arguments, "")
    };
    let produce = |house: &House, id: &str| {
        let arguments =
            [house.amqp.as_str(), id, "videos/text2video", &request(id), "--exchange", &jobs];
        Python::play(house, &example("python/producer.py"), &arguments, "")
    };
    once_each(&house, consume, produce).await;
    let database = house.directory().join("results.sqlite");
    assert!(database.exists(), "{}", database.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_node_programs_count_each_job_and_event_once() {
    let house = House::on(Backend::Rabbitmq);
    let (jobs, results) =
        (format!("{}.jobs", house.namespace), format!("{}.results", house.namespace));
    let queue = format!("{}.results.mine", house.namespace);
    let consume = |house: &House| {
        let arguments = [house.amqp.as_str(), "#", &results, &queue];
        Node::start(house, &example("node/consumer.js"), &arguments, "")
    };
    let produce = |house: &House, id: &str| {
        let arguments = [house.amqp.as_str(), id, "videos/text2video", &request(id), &jobs];
        Node::start(house, &example("node/producer.js"), &arguments, "")
    };
    once_each(&house, consume, produce).await;
    let kept = std::fs::read_dir(house.directory().join("events")).expect("events").count();
    assert_eq!(kept, 2);
}

/// A job that is published twice is paid once; an event that comes twice counts once.
async fn once_each(
    house: &House,
    consume: impl Fn(&House) -> Process,
    produce: impl Fn(&House, &str) -> Process,
) {
    let provider = Provider::here(json!({})).await;
    let _up = house.program_for(&provider).start_role("up", "up").await;
    let audience = Audience::seated(house).await;
    let consumer = consume(house);
    until("the consumer is bound", async || consumer.stdout().starts_with("ready")).await;

    for id in ["order-1", "order-1", "order-2"] {
        let mut producer = produce(house, id);
        let ended = producer.ended(Duration::from_secs(30)).await;
        assert_eq!(ended, Some(0), "{}", producer.stderr());
        assert_eq!(producer.stdout(), format!("queued {id}\n"));
    }
    for id in ["order-1", "order-2"] {
        assert_eq!(audience.hears(id).await.kind(), Some(EventKind::Succeeded));
        until(&format!("{id} is heard"), async || consumer.stdout().contains(&heard(id))).await;
        assert_eq!(provider.tasks_of(id).await, 1);
    }

    let event = audience.hears("order-2").await;
    let repeat = Message::json(event.id.clone(), serde_json::to_vec(&event).expect("JSON"));
    let to = Destination::Results { routing_key: event.routing_key() };
    house.broker().await.publish(&to, repeat).await.expect("published again");
    let again = "again dev.reelwork.task.succeeded.v1 order-2\n";
    until("the repeat is told apart", async || consumer.stdout().ends_with(again)).await;
    let lines = consumer.stdout();
    assert_eq!(lines.lines().filter(|line| line.starts_with("heard")).count(), 2, "{lines}");
}

/// The provider identifies jobs by the marker.
fn request(id: &str) -> String {
    json!({"prompt": format!("A cat on a beach [job:{id}]")}).to_string()
}

fn heard(id: &str) -> String {
    format!("heard dev.reelwork.task.succeeded.v1 {id}\n")
}
