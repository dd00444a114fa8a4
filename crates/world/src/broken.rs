//! Deliberate mistakes, each one that a program like this could make. The simulation must find
//! every one; no line of them is in the program itself.

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
    /// Writes are believed whoever makes them, and over whatever is there.
    NoFence,
    /// A lost answer counts as a request that was never sent.
    ResubmitOnTimeout,
    /// Events go out before the ledger knows what they tell.
    AnnounceBeforeWrite,
    /// Every job is granted a slot.
    PermitsNotCounted,
    /// No slot is ever given back.
    PermitsKept,
    /// The first denial is believed, however early.
    EagerDenial,
    /// Every POST has an external id of its own.
    FreshExternalIds,
    /// Every write of an event gives it another id.
    RandomEventIds,
    /// What must be said is not written with the record.
    OutboxForgotten,
    /// The intent is only in the worker's memory while it sends.
    IntentInMemory,
    /// A full lane counts as free, and what shall come back later comes back at once.
    Restless,
    /// A ledger that has lost its memory is open at once.
    OpenAtOnce,
    /// No change of a job is written into the journal.
    JournalForgotten,
    /// After a rebuild nobody counts the slots that are in use.
    SlotsNotRecounted,
    /// What a callback names is believed.
    CallbackBelieved,
    /// What a producer takes for the time is evidence.
    ClocksBelieved,
    /// A denial is believed of a look-up that was never seen to find anything.
    LookUpUntried,
    /// An id that is used again has the external id and the event ids of its first job.
    LivesConfused,
    /// A letter that the broker wrote counts as never sent.
    DeadLettersUnsent,
    /// Whoever compares slots with records gives one back that is in use.
    SlotsFreedEarly,
    /// An answer 5xx counts as a request that was never sent.
    ResubmitOnServerError,
    /// Trouble on the way to the provider is taken for its refusal of the job.
    TroubleTakenForRefusal,
    /// Commands write before a rebuilt ledger is complete, and their tombstones stay in it.
    TombstonesStay,
    /// A letter that is replayed again begins another round, whatever came of the first.
    LetterAnew,
    /// A page from somebody on the way is taken for the provider's refusal of the job.
    PagesTakenForRefusals,
    /// That a denied task had been accepted is forgotten.
    EvidenceForgotten,
    /// A success whose file cannot be read yet is taken for a failure.
    NoFileIsFailure,
}

impl Broken {
    /// Each of them.
    pub const ALL: [Self; 28] = [
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
    ];

    pub(crate) fn stores(
        self,
        broker: Arc<dyn Broker>,
        ledger: Arc<dyn Ledger>,
        time: StoreTime,
    ) -> (Arc<dyn Broker>, Arc<dyn Ledger>) {
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
            // A task that is denied is looked for anew after a while, which would mend it.
            Self::CallbackBelieved => Rules { denied_looks: u32::MAX, ..rules },
            _ => rules,
        }
    }
}
