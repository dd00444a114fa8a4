//! How busy the pools of the accounts are, read from the ledger now and then.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::Resource;
use ports::{Ledger, Permit, Usage};
use tokio::time::{Instant, timeout};

/// Far shorter than tasks take, and long enough that few jobs pay for a reading.
const FRESH: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
struct Known {
    usage: Usage,
    read_at: Instant,
}

/// Of one account.
#[derive(Default)]
pub(crate) struct PoolLoads(Mutex<BTreeMap<Resource, Known>>);

impl PoolLoads {
    /// `account`: its name.
    pub(crate) async fn usage(
        &self,
        ledger: &dyn Ledger,
        account: &str,
        resource: Resource,
    ) -> Usage {
        let known = self.lock().get(&resource).copied();
        match known {
            Some(known) if known.read_at.elapsed() < FRESH => known.usage,
            known => {
                let pool = Permit::pool_of(account, resource);
                let usage = read(ledger, &pool).await.or(known.map(|known| known.usage));
                let usage = usage.unwrap_or_default();
                self.lock().insert(resource, Known { usage, read_at: Instant::now() });
                usage
            }
        }
    }

    /// A job goes to this pool: the next one finds it busier, before it is read again.
    pub(crate) fn chosen(&self, resource: Resource, weight: u32) {
        if let Some(known) = self.lock().get_mut(&resource) {
            known.usage.used = known.usage.used.saturating_add(weight);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Resource, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(ledger: &dyn Ledger, pool: &str) -> Option<Usage> {
    match timeout(PATIENCE, ledger.usage(pool)).await {
        Ok(Ok(usage)) => Some(usage),
        Ok(Err(error)) => {
            tracing::debug!(%error, pool, "how busy it is could not be read");
            None
        }
        Err(_) => None,
    }
}
