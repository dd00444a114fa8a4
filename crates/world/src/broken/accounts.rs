//! Mistakes that only a program with several accounts can make.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use job::{JobKey, Record, State};
use ports::{
    Created, Fence, GrantTerms, Ledger, LedgerError, LedgerLayer, Permit, Permitted, Stored,
    Swapped, Write,
};

use tokio::time::sleep;

use super::Broken;
use crate::accounts::{FIRST, Name, OTHER};

pub(super) struct ConfusedLedger {
    broken: Broken,
    inner: Arc<dyn Ledger>,
    /// Jobs and rounds that hold a slot beyond any limit.
    held: Mutex<BTreeSet<(JobKey, u32)>>,
}

/// Longer than a job needs to be sent.
const LATE: Duration = Duration::from_millis(500);

type Answer<T> = Result<T, LedgerError>;

#[async_trait]
impl LedgerLayer for ConfusedLedger {
    fn inner(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    async fn load(&self, key: &JobKey) -> Answer<Option<Stored>> {
        let mut found = self.inner.load(key).await?;
        if let (Broken::BindingForgotten, Some(there)) = (self.broken, &mut found) {
            there.record.bound &= !waits(&there.record);
        }
        Ok(found)
    }

    async fn create(&self, fence: &Fence, mut write: Write) -> Answer<Created> {
        self.twist(&mut write.record, None);
        self.inner.create(fence, write).await
    }

    async fn swap(&self, fence: &Fence, expected: u64, mut write: Write) -> Answer<Swapped> {
        let there = self.inner.load(&write.record.key).await?;
        let before = there.as_ref().map(|there| &there.record);
        let moves = waits(&write.record)
            && before.is_some_and(|before| before.account != write.record.account);
        if self.broken == Broken::MovedAfterItWasSent && moves {
            return self.move_late(fence, write).await;
        }
        self.twist(&mut write.record, before);
        self.inner.swap(fence, expected, write).await
    }

    async fn take_permit(
        &self,
        fence: &Fence,
        permit: &Permit,
        terms: &GrantTerms,
    ) -> Answer<Permitted> {
        let mut permit = permit.clone();
        if let (Broken::PoolsConfused, Some((account, of))) =
            (self.broken, permit.pool.split_once(':'))
        {
            permit.pool = format!("{}:{of}", beside(account));
        }
        if self.broken == Broken::OtherAccountsForgotten && !self.is_first(&permit, terms) {
            return Ok(Permitted::Granted);
        }
        self.inner.take_permit(fence, &permit, terms).await
    }
}

impl ConfusedLedger {
    pub(super) fn new(broken: Broken, inner: Arc<dyn Ledger>) -> Self {
        Self { broken, inner, held: Mutex::default() }
    }

    /// Whether it is a job's first slot of those that are held beyond any limit.
    fn is_first(&self, permit: &Permit, terms: &GrantTerms) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *terms != GrantTerms::default() || held.insert((permit.key.clone(), permit.round))
    }

    /// Over whatever is there by then.
    async fn move_late(&self, fence: &Fence, write: Write) -> Answer<Swapped> {
        sleep(LATE).await;
        let there = self.inner.load(&write.record.key).await?;
        let version = there.map(|there| there.version).unwrap_or_default();
        self.inner.swap(fence, version, write).await
    }

    fn twist(&self, record: &mut Record, before: Option<&Record>) {
        let State::InDoubt { doubt } = &mut record.state else { return };
        let begins = before.is_none_or(|before| !matches!(before.state, State::InDoubt { .. }));
        match self.broken {
            Broken::DeniedByAnotherAccount if begins => {
                record.account = beside(&record.account).to_owned();
            }
            Broken::LostAccountGuessed => {
                doubt.evidence.retain(|why| !why.contains("sent with any of"));
                record.other_accounts.clear();
            }
            _ => {}
        }
    }
}

fn waits(record: &Record) -> bool {
    matches!(record.state, State::Waiting { .. })
}

fn beside(account: &str) -> Name {
    if account == FIRST { OTHER } else { FIRST }
}
