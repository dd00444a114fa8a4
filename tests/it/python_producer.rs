//! Jobs published by a plain AMQP client of another language: a body, an id, a routing key.

use job::EventKind;
use serde_json::json;

use crate::harness::{Backend, Consumer, Environment, Provider, Python, Wish, amqp_url, until};

fn line(wish: &Wish, message_id: Option<&str>, body: &serde_json::Value) -> String {
    let routing_key = wish.routing_key();
    let body = body.to_string();
    json!({"routing_key": routing_key, "message_id": message_id, "body": body}).to_string() + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_from_a_plain_client_is_done_like_any_other() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let consumer = Consumer::subscribed(&environment).await;

    let whole = Wish::video("py-whole");
    let nameless = Wish::of("audio/text-to-audio", "py-nameless", "");
    let mut without_id = nameless.message();
    without_id.as_object_mut().expect("an object").remove("id");
    let stranger = Wish::of("images/generations", "py-stranger", "");
    let mut stranger_body = stranger.message();
    stranger_body.as_object_mut().expect("an object").remove("id");
    let lines = line(&whole, Some("any"), &whole.message())
        + &line(&nameless, Some("py-nameless"), &without_id)
        + &line(&stranger, None, &stranger_body);

    let exchange = format!("{}.jobs", environment.namespace);
    let mut publisher =
        Python::start(&environment, "publisher.py", &[&amqp_url(), exchange.as_str()], &lines);
    let ended = publisher.ended(std::time::Duration::from_secs(30)).await;
    assert_eq!(ended, Some(0), "{}", publisher.stderr());

    // The body's id wins over message_id, which is used if the body has none.
    for wish in [&whole, &nameless] {
        let event = consumer.receives(&wish.id).await;
        assert_eq!(event.kind(), Some(EventKind::Succeeded), "{event:?}");
        assert_eq!(event.data.operation.as_str(), wish.operation);
        assert_eq!(provider.tasks_of(&wish.id).await, 1);
    }
    assert!(consumer.received().outcome("any").is_none());

    // A message without an id cannot be repeated safely: it is dead-lettered and never paid.
    until("the nameless stranger is a dead letter", async || {
        let letters = program.run(&["dead", "list", "--json"]).await.exits(0).lines();
        letters.len() == 1 && letters[0]["reason"] == "not_a_job"
    })
    .await;
    assert_eq!(provider.tasks_of("py-stranger").await, 0);
}
