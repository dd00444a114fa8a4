use job::{MessageFacts, decode};
use tokio::time::advance;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);
const MILLIS: Duration = Duration::from_millis(1);

fn job() -> Job {
    let body = br#"{"id":"a","tenant":"acme","operation":"videos/text2video","request":{}}"#;
    decode(body, MessageFacts::default()).unwrap()
}

fn pause(scope: &str, until: Option<Timestamp>) -> ManualPause {
    let scope = PauseScope::parse(scope).unwrap();
    ManualPause { scope, reason: "costs".to_owned(), since: NOW, until, by: None }
}

fn read(pauses: &[ManualPause]) -> ManualPauses {
    let known = ManualPauses::default();
    known.were_read(pauses.to_vec(), Instant::now());
    known
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_pauses_were_read() {
    let known = ManualPauses::default();
    assert_eq!(known.why_not(&job(), NOW).unwrap(), UNKNOWN);
    assert_eq!(known.held_by(&job(), || NOW).await, Some(unknown()));
    known.were_read(Vec::new(), Instant::now());
    assert_eq!(known.why_not(&job(), NOW), None);
    assert_eq!(known.held_by(&job(), || NOW).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_job_waits_for_the_next_reading_and_not_for_long() {
    let known = Arc::new(ManualPauses::default());
    let (reader, began) = (known.clone(), Instant::now());
    tokio::spawn(async move {
        tokio::time::sleep(700 * MILLIS).await;
        reader.were_read(vec![pause("tenant acme", None)], Instant::now());
    });
    let held = known.held_by(&job(), || NOW).await.unwrap();
    assert_eq!((held.place, began.elapsed()), (HeldPlace::WaitingRoom, 700 * MILLIS));
}

#[tokio::test(start_paused = true)]
async fn what_was_read_too_long_ago_allows_nothing_and_ends_nothing() {
    let (free, paused) = (read(&[]), read(&[pause("tenant acme", None)]));
    advance(KNOWN_FOR).await;
    assert_eq!(free.why_not(&job(), NOW), None);
    advance(MILLIS).await;
    assert_eq!(free.why_not(&job(), NOW).unwrap(), UNKNOWN);
    assert_eq!(free.held_by(&job(), || NOW).await, Some(unknown()));
    assert!(paused.why_not(&job(), NOW).unwrap().contains("costs"), "it is not forgotten");
    assert_eq!(paused.tenants(NOW), BTreeSet::from([job().key.tenant]));
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_in_time_although_nothing_is_read() {
    let known = read(&[pause("tenant acme", Some(NOW + MILLIS)), pause("tenant b", None)]);
    assert!(known.why_not(&job(), NOW).is_some());
    assert_eq!(known.why_not(&job(), NOW + MILLIS), None);
    assert_eq!(known.tenants(NOW + MILLIS), BTreeSet::from([Tenant::new("b").unwrap()]));
    assert_eq!(known.in_force(NOW).len(), 2);
}
