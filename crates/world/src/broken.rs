//! Deliberate mistakes that a program like this could contain. The simulation must find each of
//! them; none is in the code of the program itself.

mod accounts;
mod broker;
mod ledger;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use job::Rules;
use kling::Transport;
use memory::StoreTime;
use ports::{Broker, Ledger};

use crate::chance::Chance;

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The delivery is acknowledged when it is taken.
    AckBeforeRecord,
    /// Writes are accepted with any fence and over any version.
    NoFence,
    /// A lost response counts as a request that was never sent.
    ResubmitOnTimeout,
    /// Events are published before the ledger has their facts.
    AnnounceBeforeWrite,
    /// Every job is granted a slot.
    PermitsNotCounted,
    /// No slot is ever freed.
    PermitsKept,
    /// The first denial is believed, however early.
    EagerDenial,
    /// Every POST has a new external id.
    FreshExternalIds,
    /// Every write of an event gives it a new id.
    RandomEventIds,
    /// Events are not written to the outbox with the record.
    OutboxForgotten,
    /// While the worker sends, the intent is only in its memory.
    IntentInMemory,
    /// A task is polled without a pause, and a delayed job is published again at once.
    Restless,
    /// A job that waits for a slot is not in the waiting room.
    PlaceForgotten,
    /// A job without a place in the ledger is not in an overflow queue.
    OverflowForgotten,
    /// A job that waited is sent before its intent is in the journal.
    IntentNotJournaled,
    /// A ledger that has lost its data is open at once.
    OpenAtOnce,
    /// No change of a job is written to the journal.
    JournalForgotten,
    /// After a rebuild the slots in use are not counted.
    SlotsNotRecounted,
    /// A task id from a callback is attached without a query.
    CallbackBelieved,
    /// A producer's clock is trusted.
    ClocksBelieved,
    /// The denial of a look-up is believed that was never tested.
    LookUpUntried,
    /// An id that is used again has the external id and the event ids of its first job.
    LivesConfused,
    /// A message that the broker dead-lettered counts as never sent.
    DeadLettersUnsent,
    /// The comparison of slots with records frees one that is in use.
    SlotsFreedEarly,
    /// A 5xx response counts as a request that was never sent.
    ResubmitOnServerError,
    /// An error on the way to the provider is taken for its refusal of the job.
    TroubleTakenForRefusal,
    /// Commands write before a rebuilt ledger is complete, and their tombstones stay in it.
    TombstonesStay,
    /// A dead letter that is replayed again begins another round, even if the first has begun one.
    LetterAnew,
    /// A page from a proxy is taken for the provider's refusal of the job.
    PagesTakenForRefusals,
    /// It is forgotten that a denied task had been accepted.
    EvidenceForgotten,
    /// A success whose file cannot be read yet is taken for a failure.
    NoFileIsFailure,
    /// Tenants that are paused by hand are sent on.
    TenantsNotPaused,
    /// Tenants that are paused by hand are granted slots.
    PausesIgnoredByGrants,
    /// A task that may exist is looked for on another account than that which the job was sent with.
    DeniedByAnotherAccount,
    /// One account's denial is believed of a job that any of them may have been sent with.
    LostAccountGuessed,
    /// The slot of such a job is held on one account only.
    OtherAccountsForgotten,
    /// It is forgotten that a waiting job is bound to its account.
    BindingForgotten,
    /// A waiting job is moved to another account although it has been sent since.
    MovedAfterItWasSent,
    /// A job takes its slot from the other account.
    PoolsConfused,
}

impl Broken {
    /// All mistakes.
    pub const ALL: [Self; 39] = [
        Self::AckBeforeRecord,
        Self::NoFence,
        Self::ResubmitOnTimeout,
        Self::AnnounceBeforeWrite,
        Self::PermitsNotCounted,
        Self::PermitsKept,
        Self::EagerDenial,
        Self::FreshExternalIds,
        Self::RandomEventIds,
        Self::OutboxForgotten,
        Self::IntentInMemory,
        Self::Restless,
        Self::PlaceForgotten,
        Self::OverflowForgotten,
        Self::IntentNotJournaled,
        Self::OpenAtOnce,
        Self::JournalForgotten,
        Self::SlotsNotRecounted,
        Self::CallbackBelieved,
        Self::ClocksBelieved,
        Self::LookUpUntried,
        Self::LivesConfused,
        Self::DeadLettersUnsent,
        Self::SlotsFreedEarly,
        Self::ResubmitOnServerError,
        Self::TroubleTakenForRefusal,
        Self::TombstonesStay,
        Self::LetterAnew,
        Self::PagesTakenForRefusals,
        Self::EvidenceForgotten,
        Self::NoFileIsFailure,
        Self::TenantsNotPaused,
        Self::PausesIgnoredByGrants,
        Self::DeniedByAnotherAccount,
        Self::LostAccountGuessed,
        Self::OtherAccountsForgotten,
        Self::BindingForgotten,
        Self::MovedAfterItWasSent,
        Self::PoolsConfused,
    ];

    pub(crate) fn stores(
        self,
        broker: Arc<dyn Broker>,
        ledger: Arc<dyn Ledger>,
        time: StoreTime,
    ) -> (Arc<dyn Broker>, Arc<dyn Ledger>) {
        let ledger = Arc::new(accounts::ConfusedLedger::new(self, ledger));
        let broken = ledger::BrokenLedger::new(self, broker.clone(), ledger);
        (Arc::new(broker::BrokenBroker { broken: self, inner: broker, time }), Arc::new(broken))
    }

    pub(crate) fn transport(self, inner: Arc<dyn Transport>, chance: Chance) -> Arc<dyn Transport> {
        Arc::new(transport::BrokenTransport { broken: self, inner, chance })
    }

    pub(crate) fn rules(self, rules: Rules) -> Rules {
        match self {
            Self::EagerDenial => Rules { settling: Duration::ZERO, denials_needed: 0, ..rules },
            Self::LookUpUntried => Rules { denials_trusted: true, ..rules },
            // A denied task is looked for again after a while, which would hide the mistake.
            Self::CallbackBelieved => Rules { denied_looks: u32::MAX, ..rules },
            _ => rules,
        }
    }
}
