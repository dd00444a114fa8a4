use std::sync::Arc;

use async_trait::async_trait;
use ports::{Call, Ledger, LedgerError, LedgerLayer, Method, Summary};

use super::around;
use super::effect::Effect;

pub(super) struct Crashing {
    inner: Arc<dyn Ledger>,
}

impl Crashing {
    pub(super) fn new(inner: Arc<dyn Ledger>) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl LedgerLayer for Crashing {
    fn inner(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    fn around<'a, T: Summary + Send + 'a>(
        &'a self,
        call: Call<'a>,
        calling: impl Future<Output = Result<T, LedgerError>> + Send + 'a,
    ) -> impl Future<Output = Result<T, LedgerError>> + Send + 'a {
        between(effect(call.method), calling)
    }
}

async fn between<T>(effect: Option<Effect>, calling: impl Future<Output = T>) -> T {
    match effect {
        Some(effect) => around(effect, calling).await,
        None => calling.await,
    }
}

/// Calls that only read have no points: a death there leaves nothing half done. Nor have calls of
/// operators, one at a time, and those that only save other processes a query or a grant in vain.
fn effect(method: Method) -> Option<Effect> {
    match method {
        Method::Join => Some(Effect::Join),
        Method::Renew => Some(Effect::Renew),
        Method::Leave => Some(Effect::Leave),
        Method::Follow => Some(Effect::Follow),
        Method::Followed => Some(Effect::Followed),
        Method::Lost => Some(Effect::Lost),
        Method::Open => Some(Effect::Open),
        Method::Create => Some(Effect::Create),
        Method::Swap => Some(Effect::Swap),
        Method::ClaimDue => Some(Effect::ClaimDue),
        Method::LookNow => Some(Effect::LookNow),
        Method::Propose => Some(Effect::Propose),
        Method::ClaimTask => Some(Effect::ClaimTask),
        Method::ClaimOutbox => Some(Effect::ClaimOutbox),
        Method::Announced => Some(Effect::Announced),
        Method::Postpone => Some(Effect::Postpone),
        Method::TakePermit => Some(Effect::TakePermit),
        Method::GivePermits => Some(Effect::GivePermits),
        Method::Enter => Some(Effect::Enter),
        Method::Grant => Some(Effect::Grant),
        Method::Confirm => Some(Effect::Confirm),
        Method::TakeTurn => Some(Effect::TakeTurn),
        Method::EndTurn => Some(Effect::EndTurn),
        Method::Pause => Some(Effect::Pause),
        Method::ChangeSlotLimit => Some(Effect::ChangeSlotLimit),
        Method::Reserve => Some(Effect::Reserve),
        Method::SettleReservations => Some(Effect::SettleReservations),
        Method::Generation
        | Method::OpensAt
        | Method::AnyAlive
        | Method::Distrust
        | Method::Revisions
        | Method::Load
        | Method::LoadWhole
        | Method::Page
        | Method::Visit
        | Method::Usage
        | Method::PoolSlots
        | Method::Permits
        | Method::Withdraw
        | Method::OverdueGrants
        | Method::Place
        | Method::Waiting
        | Method::Waiters
        | Method::CountWaiting
        | Method::SlotsFreed
        | Method::Paused
        | Method::Pauses
        | Method::Resume
        | Method::Witness
        | Method::Witnesses
        | Method::Proposals
        | Method::TaskOwner
        | Method::PauseByHand
        | Method::ResumeByHand
        | Method::PausedByHand
        | Method::Reservations
        | Method::Spending
        | Method::Ended
        | Method::Accept
        | Method::Acceptance
        | Method::MarkPublished
        | Method::Spend
        | Method::GiveBack
        | Method::Check
        | Method::Warnings => None,
    }
}
