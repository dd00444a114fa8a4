use super::*;
use crate::{HistoryEntry, MessageFacts, decode};

const BEGAN_MS: i64 = 1_700_000_000_000;
const HOUR_MS: i64 = 3_600_000;

fn record() -> Record {
    let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
    let job = decode(body, MessageFacts::default()).unwrap();
    Record::new(&job, "default", "reelwork", Timestamp::from_millis(BEGAN_MS))
}

fn refuted(record: &Record, external_id: Option<&str>, created_ms: Option<i64>) -> bool {
    let created_at = created_ms.map(Timestamp::from_millis);
    record.refutes(Origin { external_id, created_at }).is_some()
}

#[test]
fn a_proposal_fits_by_external_id_or_by_time() {
    let record = record();
    assert!(!refuted(&record, Some(record.external_id.as_str()), None));
    assert!(!refuted(&record, None, Some(BEGAN_MS)));
    assert!(refuted(&record, None, None), "nothing agrees");
    assert_eq!(record.contradiction(Origin::default()), None, "and nothing contradicts");
}

#[test]
fn any_contradiction_refutes() {
    let record = record();
    let ours = Some(record.external_id.as_str());
    assert!(refuted(&record, Some("other"), Some(BEGAN_MS)));
    let early = BEGAN_MS - 120_001;
    assert!(refuted(&record, ours, Some(early)), "older than the job");
    assert!(!refuted(&record, ours, Some(early + 1)), "clocks differ");
    assert_eq!(record.no_task_before_ms(), early + 1);
}

#[test]
fn a_task_of_an_earlier_round_is_too_old_for_a_later_one() {
    let mut record = record();
    let entry =
        |round, millis, what: &str| HistoryEntry::once(Timestamp::from_millis(millis), round, what);
    record.round = 2;
    record.history = vec![entry(2, BEGAN_MS + 9 * HOUR_MS, "round 2")];
    assert!(!refuted(&record, None, Some(BEGAN_MS)), "cannot be known better");
    record.history.insert(0, entry(1, BEGAN_MS + 8 * HOUR_MS, "failed"));
    assert!(refuted(&record, None, Some(BEGAN_MS)));
}

#[test]
fn a_record_that_was_lost_does_not_make_its_task_too_old() {
    let mut record = record();
    let day = 24 * HOUR_MS;
    assert!(refuted(&record, None, Some(BEGAN_MS - day)));
    record.enqueued_at = Some(Timestamp::from_millis(BEGAN_MS - day));
    assert!(!refuted(&record, None, Some(BEGAN_MS - day)));
}
