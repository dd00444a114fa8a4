//! Tenants whose jobs found no place in the waiting room a moment ago.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::{Record, Resource, Tenant};
use tokio::time::Instant;

/// Much shorter than a tenant's waiting jobs keep the slots busy.
const FRESH: Duration = Duration::from_millis(200);

/// More tenants than can have many waiting jobs.
const MOST: usize = 1_000;

/// Spares the ledger a call for each of very many jobs.
#[derive(Default)]
pub(crate) struct FullRooms(Mutex<HashMap<(Option<Resource>, Tenant), Instant>>);

impl FullRooms {
    pub(crate) fn is_full(&self, record: &Record) -> bool {
        self.lock().get(&key(record)).is_some_and(|found| found.elapsed() < FRESH)
    }

    pub(crate) fn found_full(&self, record: &Record) {
        let mut found = self.lock();
        if found.len() >= MOST {
            found.retain(|_, at| at.elapsed() < FRESH);
        }
        if found.len() < MOST {
            found.insert(key(record), Instant::now());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Option<Resource>, Tenant), Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(record: &Record) -> (Option<Resource>, Tenant) {
    (record.operation.resource(), record.key.tenant.clone())
}

#[cfg(test)]
mod tests {
    use job::{JobKey, Timestamp};

    use super::*;

    fn record(key: &str) -> Record {
        Record::tombstone(JobKey::parse(key).unwrap(), Timestamp::EPOCH)
    }

    #[tokio::test(start_paused = true)]
    async fn a_tenant_is_full_for_a_moment_and_others_are_not() {
        let full = FullRooms::default();
        full.found_full(&record("acme/1"));
        assert!(full.is_full(&record("acme/2")));
        assert!(!full.is_full(&record("other/1")));
        tokio::time::advance(FRESH).await;
        assert!(!full.is_full(&record("acme/2")));
    }

    #[tokio::test(start_paused = true)]
    async fn invented_tenants_take_a_bounded_place() {
        let full = FullRooms::default();
        (0..2 * MOST).for_each(|n| full.found_full(&record(&format!("tenant-{n}/1"))));
        assert_eq!(full.lock().len(), MOST);
        tokio::time::advance(FRESH).await;
        full.found_full(&record("acme/1"));
        assert_eq!(full.lock().len(), 1, "what is over is forgotten");
    }
}
