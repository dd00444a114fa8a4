//! What becomes of a grant that is not used, or has been used.

use job::{Fact, unsent_intent};
use ports::{LedgerError, Permit, PermitReturn, Stored};
use recorder::Applied;

use super::granted::GrantedJob;
use crate::error::Error;

impl GrantedJob {
    /// It is not known whether the intent was written. Nothing was sent: left alone, it would look
    /// like a POST under way.
    pub(super) async fn unsent(&self, intent: &str, error: LedgerError) -> Result<(), Error> {
        let Some(stored) = self.shared.ledger.load_whole(&self.waiter.permit.key).await? else {
            return Err(error.into());
        };
        let why = format!("its intent could not be written: {error}");
        match unsent_intent(&stored.record, intent, why) {
            Some(fact) => self.conclude(stored, fact).await,
            None => Err(error.into()),
        }
    }

    /// `there`: the present record. Another worker may have submitted the job with these slots.
    pub(super) async fn overtaken(&self, there: Option<Box<Stored>>) -> Result<(), Error> {
        let there = match there {
            Some(there) => Some(*there),
            None => self.shared.ledger.load(&self.waiter.permit.key).await?,
        };
        let round = self.waiter.permit.round;
        let account = &self.shared.settings.account;
        let is_used =
            |there: Stored| there.record.may_be_with(account) && there.record.holds_permit(round);
        let settled = match there.is_some_and(is_used) {
            true => self.confirm().await,
            false => self.give_back().await,
        };
        settled.map_err(Error::from)
    }

    /// A grant that is not confirmed is looked at again when it is overdue.
    pub(super) async fn confirm_or_leave(&self) {
        if let Err(error) = self.confirm().await {
            tracing::debug!(%error, "the grant is not confirmed yet");
        }
    }

    pub(super) async fn conclude(&self, stored: Stored, fact: Fact) -> Result<(), Error> {
        let applied = self.shared.recorder.apply(&self.fence, stored, fact);
        match Box::pin(applied).await? {
            Applied::Done(_) => Ok(()),
            Applied::Changed(there) => self.overtaken(there).await,
            Applied::Illegal(illegal) => Err(illegal.into()),
        }
    }

    pub(super) async fn confirm(&self) -> Result<(), LedgerError> {
        let permit = self.waiter.permit.clone();
        self.shared.ledger.confirm(&self.fence, &[permit]).await
    }

    /// The slots as they were granted here, not as they may have been granted since.
    pub(super) async fn give_back(&self) -> Result<(), LedgerError> {
        let Permit { pool, key, round, revision, .. } = self.waiter.permit.clone();
        let revision = revision + 1;
        let slots = PermitReturn { pool, key, round, revision, since: None, unspent: true };
        self.shared.ledger.give_permits(&self.fence, &[slots]).await
    }
}
