//! A user of RabbitMQ that lacks permissions which a role needs.

use job::EventKind;
use serde_json::json;

use crate::harness::{Backend, Consumer, Environment, Provider, Wish, lines, redis_url, until};
use crate::health::Watched;
use crate::own_servers::Rabbit;

const CLERK: &str = "clerk";

/// `/readyz` shows a missing permission while it lasts; no restart is needed.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_reported_until_it_is_granted() {
    let rabbit = Rabbit::start().await;
    let environment = Environment::at(Backend::Rabbitmq, rabbit.url(), redis_url());
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program_for(&provider);
    program.run(&["topology", "apply"]).await.exits(0);
    let consumer = Consumer::subscribed(&environment).await;
    rabbit.control(&["add_user", CLERK, CLERK]).await;
    let name = environment.namespace.replace('.', r"\.");
    // Results cannot be written, and urgent videos cannot be consumed.
    let write = format!(r"^(amq\.default|{name}\.(jobs|later|dead|unrouted|broker-dead).*)$");
    let read = format!(
        r"^{name}\.(jobs\.(images|audio|videos\.(normal|low))|dead|broker-dead|journal).*$"
    );
    rabbit.control(&["set_permissions", CLERK, "^$", &write, &read]).await;
    program.set("broker.url", &rabbit.url().replace("guest:guest", "clerk:clerk"));
    program.set("broker.manage_topology", "false");
    let watched = Watched::of(program);
    let _up = watched.program.start_role("up", "up").await;
    watched.is(503, "consuming lane videos.high: ").await;
    let image = Wish::of("images/generations", "image", "");
    let file = environment.file("jobs.jsonl", &lines(&[image]));
    watched.program.run(&["submit", "--file", &file]).await.exits(0);
    watched.is(503, "publishing to results: ").await;
    let video = environment.file("video.jsonl", &lines(&[Wish::video("video")]));
    watched.program.run(&["submit", "--file", &video]).await.exits(0);
    until("a lane beside it is served", async || provider.figures().await.accepted == 2).await;
    let (_, page) = watched.page("/readyz?verbose").await;
    let broker = page.lines().find(|line| line.starts_with("[-]broker ")).expect("the broker");
    assert!(broker.contains(CLERK), "{page}");

    rabbit.control(&["set_permissions", CLERK, ".*", ".*", ".*"]).await;
    watched.is(200, "[+]broker ok\n").await;
    assert_eq!(consumer.receives("image").await.kind(), Some(EventKind::Succeeded));
}
