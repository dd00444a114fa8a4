//! Witnesses that pollers share through the ledger.

use job::{Record, StateKind};
use kling::Route;
use ports::{ListFilter, Witness};

use crate::shared::Shared;

/// Maximum number of records that are read to find tasks.
const MOST_READ: usize = 200;

/// Stores a task that the provider has shown.
pub(crate) async fn see(shared: &Shared, route: Route, witness: Witness) {
    if !shared.witnesses.put(route, witness.clone()) {
        return;
    }
    let told = shared.ledger.witness(&shared.settings.account, &witness).await;
    if let Err(error) = told {
        shared.witnesses.untold(route);
        tracing::debug!(%error, %route, "the ledger does not know that this task was seen");
    }
}

/// A task seen by this poller, or recently by another one.
pub(crate) async fn of(shared: &Shared, route: Route) -> Option<Witness> {
    if shared.witnesses.get(route).is_none() {
        learn(shared).await;
    }
    if shared.witnesses.get(route).is_none() && shared.witnesses.may_read(shared.clock.now()) {
        learn_from_records(shared).await;
    }
    shared.witnesses.get(route)
}

/// An emptied ledger, or one from an earlier version, has tasks in its records only.
async fn learn_from_records(shared: &Shared) {
    let filter = ListFilter::of_states(&[StateKind::Pending, StateKind::Succeeded], MOST_READ);
    match shared.ledger.scan(&filter).await {
        Ok(records) => {
            let of_account = |record: &Record| record.account == shared.settings.account;
            let found = records.into_iter().filter(of_account).filter_map(witness);
            shared.witnesses.learn(found.collect(), shared.clock.now());
        }
        Err(error) => tracing::debug!(%error, "records could not be read for their tasks"),
    }
}

fn witness(record: Record) -> Option<Witness> {
    let seen_at = record.last_change();
    let Record { operation, external_id, task_id, .. } = record;
    Some(Witness { operation, external_id, task_id: task_id?, seen_at })
}

/// Reads which tasks pollers have stored in the ledger.
pub(crate) async fn learn(shared: &Shared) {
    match shared.ledger.witnesses(&shared.settings.account).await {
        Ok(known) => shared.witnesses.learn(known, shared.clock.now()),
        Err(error) => tracing::debug!(%error, "what other pollers have seen is not known"),
    }
}

#[cfg(test)]
mod tests {
    use job::{MessageFacts, Timestamp, decode};

    use super::*;

    const AT: Timestamp = Timestamp::from_millis(100_000_000_000);

    #[test]
    fn a_record_with_a_task_is_a_witness() {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let record = Record::new(&job, "default", "reelwork", AT);
        assert_eq!(witness(record.clone()), None, "not submitted yet");
        let told = witness(Record { task_id: Some("7".into()), ..record.clone() }).unwrap();
        assert_eq!((told.task_id.as_str(), told.seen_at), ("7", record.last_change()));
        assert_eq!(told.external_id, record.external_id);
    }
}
