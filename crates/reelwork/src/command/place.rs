//! Where a waiting job is in line for a slot.

use std::time::Duration;

use daemon::Config;
use job::{Cadence, Record, State};
use ports::{Ledger, LedgerError, Permit, Place};
use serde::Serialize;

use crate::settings::{of_account, terms};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PlaceView {
    /// Jobs of its tenant that come before it.
    pub(crate) ahead: u32,
    /// Jobs that wait in its pool, of all tenants.
    pub(crate) waiting: u32,
    pub(crate) tenants: u32,
    /// Until it is submitted, if tenants have equal shares and tasks take their usual time.
    pub(crate) expected_wait_ms: u64,
}

impl PlaceView {
    /// `None` for a job that does not wait for a slot.
    pub(crate) async fn of(
        config: &Config,
        ledger: &dyn Ledger,
        record: &Record,
    ) -> Result<Option<Self>, LedgerError> {
        let State::Waiting { .. } = record.state else { return Ok(None) };
        let Some(resource) = record.operation.resource() else { return Ok(None) };
        let (pool, config) =
            (Permit::pool_of(&record.account, resource), of_account(config, &record.account));
        let usual = Cadence::of(&record.operation, config.poll.pace).first;
        let found = ledger.pool_slots(&pool).await?;
        let slots = terms(&config, resource).limits.now(found.limit.as_ref());
        let place = ledger.place(&pool, &record.key, record.round).await?;
        Ok(place.map(|place| Self::new(place, slots, usual)))
    }

    /// `usual`: how long a task takes.
    fn new(place: Place, slots: u32, usual: Duration) -> Self {
        let Place { ahead, waiting, tenants } = place;
        let before = ahead.saturating_add(1).saturating_mul(tenants.max(1)).min(waiting);
        let rounds = f64::from(before) / f64::from(slots.max(1));
        let expected = usual.mul_f64(rounds).as_millis();
        let expected_wait_ms = u64::try_from(expected).unwrap_or(u64::MAX);
        Self { ahead, waiting, tenants, expected_wait_ms }
    }

    pub(crate) fn words(&self) -> String {
        let Self { ahead, waiting, tenants, expected_wait_ms } = self;
        let seconds = expected_wait_ms.div_ceil(1000);
        format!(
            "place among its tenant's jobs: {}; jobs that wait for this pool: {waiting}, of tenants: \
             {tenants}; expected wait: about {seconds} s",
            ahead.saturating_add(1)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_wait_grows_with_those_before_it_and_shrinks_with_slots() {
        let usual = Duration::from_secs(60);
        let wait = |ahead, waiting, tenants, slots| {
            PlaceView::new(Place { ahead, waiting, tenants }, slots, usual).expected_wait_ms / 1000
        };
        assert_eq!(wait(0, 1, 1, 20), 3);
        assert_eq!(wait(19, 500, 1, 20), 60);
        assert_eq!(wait(19, 500, 5, 20), 300, "other tenants are served in between");
        assert_eq!(wait(499, 500, 5, 20), 1500, "never more than all that wait");
        assert_eq!(wait(9, 10, 1, 0), 600);
    }
}
