//! Jobs that a gateway has accepted.

use std::sync::Arc;
use std::time::Duration;

use job::{Acceptance, Job, MessageFacts, Timestamp, decode};
use ports::Ledger;

use super::fixture::*;

fn job(prompt: &str) -> Job {
    let body = format!(
        r#"{{"id":"a","operation":"videos/text2video","request":{{"prompt":"{prompt}"}}}}"#
    );
    decode(body.as_bytes(), MessageFacts::default()).unwrap()
}

fn accepted(prompt: &str, at: Timestamp) -> Acceptance {
    Acceptance::of(&job(prompt), at, prompt.to_owned())
}

const ANY: Timestamp = Timestamp::EPOCH;

pub async fn the_first_acceptance_stands_until_it_expires(ledger: Arc<dyn Ledger>) {
    let (first, second) = (accepted("a cat", CREATED), accepted("a dog", CREATED));
    assert_eq!(ledger.acceptance(&key("a")).await.unwrap(), None);
    assert_eq!(ledger.accept(&key("a"), &first, ANY, LONG).await.unwrap(), first);
    assert_eq!(ledger.accept(&key("a"), &second, ANY, LONG).await.unwrap(), first);
    assert_eq!(ledger.acceptance(&key("a")).await.unwrap(), Some(first.clone()));
    assert_eq!(ledger.acceptance(&key("b")).await.unwrap(), None);
    assert!(ledger.load(&key("a")).await.unwrap().is_none(), "no record is made of it");

    ledger.accept(&key("b"), &first, ANY, SHORT).await.unwrap();
    let gone = async || ledger.acceptance(&key("b")).await.unwrap().is_none();
    until("the acceptance to expire", gone).await;
    assert_eq!(ledger.accept(&key("b"), &second, ANY, LONG).await.unwrap(), second);
}

pub async fn an_earlier_acceptance_gives_way(ledger: Arc<dyn Ledger>) {
    let later = CREATED + Duration::from_millis(1);
    let (first, second) = (accepted("a cat", CREATED), accepted("a dog", later));
    ledger.accept(&key("a"), &first, ANY, LONG).await.unwrap();
    assert_eq!(ledger.accept(&key("a"), &second, CREATED, LONG).await.unwrap(), first);
    assert_eq!(ledger.accept(&key("a"), &second, later, LONG).await.unwrap(), second);
    assert_eq!(ledger.accept(&key("a"), &first, later, LONG).await.unwrap(), second);
    assert_eq!(ledger.acceptance(&key("a")).await.unwrap(), Some(second));
}

pub async fn only_the_acceptance_that_is_kept_is_published(ledger: Arc<dyn Ledger>) {
    let (first, second) = (accepted("a cat", CREATED), accepted("a dog", CREATED));
    ledger.accept(&key("a"), &first, ANY, LONG).await.unwrap();
    ledger.mark_published(&key("a"), &second).await.unwrap();
    assert_eq!(ledger.acceptance(&key("a")).await.unwrap(), Some(first.clone()));
    for _ in 0..2 {
        ledger.mark_published(&key("a"), &first).await.unwrap();
        let published = Some(first.clone().published());
        assert_eq!(ledger.acceptance(&key("a")).await.unwrap(), published);
    }
    ledger.mark_published(&key("b"), &first).await.unwrap();
    assert_eq!(ledger.acceptance(&key("b")).await.unwrap(), None);

    ledger.accept(&key("c"), &first, ANY, SHORT).await.unwrap();
    ledger.mark_published(&key("c"), &first).await.unwrap();
    let gone = async || ledger.acceptance(&key("c")).await.unwrap().is_none();
    until("what is published expires as before", gone).await;
}

pub async fn one_of_many_requests_is_accepted(ledger: Arc<dyn Ledger>) {
    let all = (0..16).map(|n| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            let own = accepted(&format!("cat {n}"), CREATED);
            ledger.accept(&key("a"), &own, ANY, LONG).await.unwrap() == own
        })
    });
    let mut accepted = 0;
    for one in all.collect::<Vec<_>>() {
        accepted += usize::from(one.await.unwrap());
    }
    assert_eq!(accepted, 1);
}
