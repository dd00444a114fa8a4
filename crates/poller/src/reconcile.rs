//! Permits whose release was lost: a permit is over when its record says so.

use std::sync::Arc;
use std::time::Duration;

use job::{Cadence, Record, Resource, State, Timestamp};
use ports::{HeldPermit, LedgerError, Permit, Phase};
use tokio_util::sync::CancellationToken;

use crate::shared::Shared;

/// A younger permit may belong to a job whose record is just being written.
const YOUNG: Duration = Duration::from_secs(30);

pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = shared.clock.sleep(shared.settings.reconcile) => {}
        }
        // Before that a record may be missing although its task is running.
        if shared.session.phase() < Phase::Open {
            continue;
        }
        for resource in Resource::ALL {
            if let Err(error) = reconcile(&shared, resource).await {
                tracing::warn!(%error, %resource, "permits could not be compared");
            }
        }
    }
}

async fn reconcile(shared: &Shared, resource: Resource) -> Result<(), LedgerError> {
    let pool = Permit::pool_of(&shared.settings.account, resource);
    for held in shared.ledger.permits(&pool).await? {
        if shared.clock.now().since(held.since) < YOUNG {
            continue;
        }
        // One record that cannot be read or given back must not keep the others.
        if let Err(error) = compare(shared, &held).await {
            tracing::warn!(job = %held.permit.key, %error, "a permit could not be compared");
        }
    }
    Ok(())
}

async fn compare(shared: &Shared, held: &HeldPermit) -> Result<(), LedgerError> {
    let permit = &held.permit;
    let stored = shared.ledger.load(&permit.key).await?;
    let record = stored.as_ref().map(|stored| &stored.record);
    if !is_over(record, held, shared.clock.now(), shared.settings.rules.pace) {
        return Ok(());
    }
    tracing::info!(job = %permit.key, "a permit was left behind and is given back");
    shared.ledger.give_permits(&shared.session.fence(), &[held.left_behind()]).await
}

/// Pure. A job in doubt may have a task running that nobody can see: its slot is kept for as long
/// as such a task lives. `pace` as for looks.
fn is_over(record: Option<&Record>, held: &HeldPermit, now: Timestamp, pace: f64) -> bool {
    let Some(record) = record else { return true };
    match &record.state {
        State::InDoubt { doubt } | State::Parked { doubt: Some(doubt), .. }
            if record.round == held.permit.round =>
        {
            now.since(doubt.since) >= Cadence::of(&record.operation, pace).lives
        }
        _ => !record.holds_permit(held.permit.round),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use job::{Doubt, JobKey, MessageFacts, decode};

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", Timestamp::EPOCH);
        record.state = state;
        record
    }

    fn held(round: u32) -> HeldPermit {
        let key = JobKey::parse("default/a").unwrap();
        let permit = Permit { pool: "default:videos".into(), key, round, weight: 1, revision: 0 };
        HeldPermit { permit, since: Timestamp::EPOCH }
    }

    fn pending() -> State {
        State::Pending { status: "processing".into(), looks: 0, next_look: Timestamp::EPOCH }
    }

    #[test]
    fn a_permit_lives_as_long_as_its_round_works() {
        let over =
            |record: Option<&Record>, round| is_over(record, &held(round), Timestamp::EPOCH, 1.0);
        assert!(!over(Some(&record(pending())), 1));
        assert!(over(Some(&record(pending())), 2), "another round's permit");
        assert!(over(Some(&record(State::Queued { why: None })), 1));
        assert!(over(None, 1), "no record at all");
    }

    #[test]
    fn a_doubt_keeps_its_slot_as_long_as_such_a_task_lives() {
        let doubt = Doubt {
            since: Timestamp::EPOCH,
            cause: String::new(),
            settles_at: Timestamp::EPOCH,
            denials: 0,
            looks: 0,
            next_look: Timestamp::EPOCH,
            evidence: Vec::new(),
            intent: None,
        };
        let parked =
            State::Parked { why: String::new(), doubt: Some(doubt.clone()), at: Timestamp::EPOCH };
        for state in [parked, State::InDoubt { doubt }] {
            let record = record(state);
            let over = |seconds| {
                let now = Timestamp::EPOCH + Duration::from_secs(seconds);
                is_over(Some(&record), &held(1), now, 1.0)
            };
            assert!(!over(1799), "a task may still run");
            assert!(over(1800));
        }
    }
}
