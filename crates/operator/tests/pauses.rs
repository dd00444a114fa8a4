//! Pausing and resuming by hand.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use job::{PauseScope, Timestamp};
use memory::{MemoryLedger, StoreTime};
use operator::{NewPause, PauseError, Pauses};
use ports::{Clock, Ledger, MOST_MANUAL_PAUSES, SystemClock};

const HOUR: Duration = Duration::from_secs(3600);

fn pauses() -> Pauses {
    let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::new(StoreTime::of_wall(), HOUR));
    Pauses::new(ledger, "default".to_owned())
}

fn now() -> Timestamp {
    SystemClock.now()
}

fn new(scope: &str, reason: &str) -> NewPause {
    let scope = PauseScope::parse(scope).unwrap();
    NewPause { scope, reason: reason.to_owned(), until: None, by: None }
}

#[tokio::test]
async fn what_is_paused_is_listed_until_it_is_resumed() {
    let (pauses, began) = (pauses(), now());
    let first = pauses.pause(new("tenant acme", " costs "), began).await.unwrap();
    assert_eq!((first.since, first.reason.as_str()), (began, "costs"));
    let until = Some(began + HOUR);
    let longer = NewPause { until, by: Some("anna".to_owned()), ..new("tenant acme", "an hour") };
    let second = pauses.pause(longer, began + Duration::from_secs(9)).await.unwrap();
    assert_eq!((second.since, second.until), (began, until), "it has lasted since then");
    assert_eq!(pauses.in_force().await.unwrap(), [second]);
    pauses.resume(&first.scope).await.unwrap();
    let again = pauses.resume(&first.scope).await.unwrap_err();
    assert_eq!(again.to_string(), "tenant acme is not paused by hand in account default");
}

#[tokio::test]
async fn nothing_is_paused_for_no_reason_or_until_the_past() {
    let (pauses, now) = (pauses(), now());
    let long = "x".repeat(1_001);
    for reason in ["", "  \n", long.as_str()] {
        let refused = pauses.pause(new("account", reason), now).await.unwrap_err();
        assert!(matches!(refused, PauseError::Reason), "{refused}");
    }
    let ended = NewPause { until: Some(now), ..new("account", "costs") };
    let refused = pauses.pause(ended, now).await.unwrap_err();
    assert!(matches!(refused, PauseError::Ended { .. }), "{refused}");
    let unknown = new("operation videos/text2vidoe", "costs");
    let refused = pauses.pause(unknown, now).await.unwrap_err();
    assert!(matches!(refused, PauseError::UnknownOperation(_)), "{refused}");
    assert_eq!(pauses.in_force().await.unwrap(), []);
}

#[tokio::test]
async fn too_many_pauses_are_refused() {
    let pauses = pauses();
    for n in 0..MOST_MANUAL_PAUSES {
        pauses.pause(new(&format!("tenant t{n}"), "costs"), now()).await.unwrap();
    }
    let refused = pauses.pause(new("account", "costs"), now()).await.unwrap_err();
    assert!(matches!(refused, PauseError::TooMany { .. }), "{refused}");
}
