//! The ledger as one process sees it: slow, at times unavailable, and silent after its death.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use ports::{Call, Ledger, LedgerError, LedgerLayer, Method, Summary};

use crate::life::{Life, Weight};
use crate::outages::{Fate, Remote};

pub(crate) struct ProcessLedger {
    pub(crate) life: Arc<Life>,
    pub(crate) inner: Arc<dyn Ledger>,
}

type Answer<T> = Result<T, LedgerError>;

#[async_trait]
impl LedgerLayer for ProcessLedger {
    fn inner(&self) -> &dyn Ledger {
        self.inner.as_ref()
    }

    fn wants_words(&self) -> bool {
        true
    }

    fn around<'a, T: Summary + Send + 'a>(
        &'a self,
        call: Call<'a>,
        calling: impl Future<Output = Answer<T>> + Send + 'a,
    ) -> impl Future<Output = Answer<T>> + Send + 'a {
        self.call(call, calling)
    }
}

impl ProcessLedger {
    async fn call<T: Summary>(
        &self,
        call: Call<'_>,
        calling: impl Future<Output = Answer<T>>,
    ) -> Answer<T> {
        let (life, name, weight) = (&self.life, call.method.name(), weight(call.method));
        life.before(name, weight).await;
        let fate = life.outages.fate(Remote::Ledger, life.outages.rates().ledger, &life.chance);
        let answer = match fate {
            Fate::NoEffect => Err(silence()),
            Fate::Fine | Fate::NoAnswer => calling.await,
        };
        let nothing = answer.as_ref().is_ok_and(Summary::brought_nothing);
        let weight = if nothing || fate == Fate::NoEffect { Weight::Idle } else { weight };
        let told = answer.as_ref().map_or_else(ToString::to_string, Summary::summary);
        let heard = if fate == Fate::NoAnswer { " (unheard)" } else { "" };
        life.after(name, weight, format!("{} -> {told}{heard}", call.about)).await;
        match fate {
            Fate::Fine => answer,
            Fate::NoEffect | Fate::NoAnswer => {
                life.trace.fault("ledger silent");
                Err(silence())
            }
        }
    }
}

fn silence() -> LedgerError {
    LedgerError::Unavailable("no answer".to_owned())
}

/// A call that only reads or is soon repeated is no point at which to die.
fn weight(method: Method) -> Weight {
    match method {
        Method::ClaimDue | Method::ClaimOutbox => Weight::Taking,
        Method::Join
        | Method::Leave
        | Method::Distrust
        | Method::Followed
        | Method::Lost
        | Method::Open
        | Method::Create
        | Method::Swap
        | Method::LookNow
        | Method::Propose
        | Method::ClaimTask
        | Method::Announced
        | Method::Postpone
        | Method::TakePermit
        | Method::GivePermits
        | Method::Enter
        | Method::Grant
        | Method::Confirm
        | Method::Withdraw
        | Method::ChangeSlotLimit
        | Method::Pause
        | Method::Resume
        | Method::PauseByHand
        | Method::ResumeByHand
        | Method::Reserve
        | Method::SettleReservations
        | Method::Accept
        | Method::MarkPublished
        | Method::Spend
        | Method::GiveBack
        | Method::Witness => Weight::Effect,
        Method::Renew
        | Method::Generation
        | Method::OpensAt
        | Method::AnyAlive
        | Method::Follow
        | Method::Revisions
        | Method::Load
        | Method::LoadWhole
        | Method::Page
        | Method::Visit
        | Method::TakeTurn
        | Method::EndTurn
        | Method::Usage
        | Method::PoolSlots
        | Method::Permits
        | Method::OverdueGrants
        | Method::Place
        | Method::Waiting
        | Method::Waiters
        | Method::CountWaiting
        | Method::SlotsFreed
        | Method::Paused
        | Method::Pauses
        | Method::Witnesses
        | Method::Proposals
        | Method::TaskOwner
        | Method::PausedByHand
        | Method::Reservations
        | Method::Spending
        | Method::Ended
        | Method::Acceptance
        | Method::Check
        | Method::Warnings => Weight::Idle,
    }
}
