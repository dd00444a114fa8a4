//! Dead letters in the console.

use ports::{Destination, Message, Source, header};

use crate::actions::hidden;
use crate::bench::Bench;

async fn letter(bench: &Bench, id: &str, tenant: &str, reason: &str) {
    let body = format!(
        r#"{{"id":"{id}","tenant":"{tenant}","operation":"videos/text2video","request":{{"prompt":"x"}}}}"#
    );
    let message = Message::json(id, body.into_bytes()).header(header::REASON, reason);
    let to = Destination::Dead { routing_key: "videos.text2video.normal".to_owned() };
    bench.broker.publish(&to, message).await.unwrap();
}

async fn depth(bench: &Bench) -> u64 {
    bench.broker.depth(&Source::Dead).await.unwrap()
}

#[tokio::test]
async fn letters_are_shown_by_reason_and_stay() {
    let bench = Bench::new().await;
    assert!(bench.get("/console/dead").await.body.contains("0 in the queue"));
    for n in 0..3 {
        letter(&bench, &format!("a{n}"), "default", "invalid").await;
    }
    letter(&bench, "<b>", "acme", "poison").await;
    let all = bench.get("/console/dead").await.body;
    assert_eq!(all.matches("name=\"letter\"").count(), 4, "{all}");
    assert!(all.contains("invalid <strong>3</strong>") && !all.contains("<b>"), "{all}");
    let some = bench.get("/console/dead?reason=invalid").await.body;
    assert_eq!(some.matches("name=\"letter\"").count(), 3);
    let others = bench.get("/console/dead?reason=invalid&tenant=acme").await.body;
    assert!(others.contains("No dead letter is like this"));
    assert_eq!(depth(&bench).await, 4);
}

#[tokio::test]
async fn an_action_is_tried_confirmed_and_done_with_what_was_counted() {
    let bench = Bench::new().await;
    for n in 0..5 {
        letter(&bench, &format!("a{n}"), "default", "invalid").await;
    }
    letter(&bench, "b", "acme", "invalid").await;
    let question = bench.post("/console/dead/confirm", "do=drop_all&tenant=default").await;
    assert!(question.body.contains("Yes, drop 5"), "{}", question.body);
    assert_eq!(depth(&bench).await, 6, "nothing is changed");
    letter(&bench, "late", "default", "invalid").await;
    let done = bench.post("/console/dead/done", &hidden(&question.body)).await;
    assert!(done.body.contains("5 dropped"), "{}", done.body);
    assert_eq!(depth(&bench).await, 2, "another tenant's, and one that came later");
    let all = bench.post("/console/dead/done", "do=drop_all").await;
    assert_eq!((all.status, depth(&bench).await), (400, 2), "not without being counted");
}

#[tokio::test]
async fn a_letter_is_replayed() {
    let bench = Bench::new().await;
    letter(&bench, "a", "default", "poison").await;
    let question = bench.post("/console/dead/confirm", "do=replay_all").await;
    assert!(question.body.contains("publish: 1"), "{}", question.body);
    let done = bench.post("/console/dead/done", &hidden(&question.body)).await;
    assert!(done.body.contains("1 replayed"), "{}", done.body);
    assert_eq!(depth(&bench).await, 0);
    let again = bench.post("/console/dead/done", &hidden(&question.body)).await;
    assert!(again.body.contains("1 were not there any more"), "{}", again.body);
    assert_eq!(bench.post("/console/dead/confirm", "do=fail_all").await.status, 400, "no reason");
}
