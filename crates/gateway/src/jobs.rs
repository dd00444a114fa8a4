//! The jobs of clients, whatever API they use: accepted, found and listed.

mod accept;
mod allowance;
mod cancel;
mod find;
mod parent;
mod retry;
mod wait;
mod watch;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use api_keys::Scope;
use axum::http::HeaderMap;
use job::{Acceptance, JobKey, MAX_MESSAGE_BYTES, Record, Rules};
use operator::Operator;
use ports::{Broker, Clock, Ledger, LedgerError};
use prices::PriceTable;
use producer::{Producer, Slots};
use recorder::{Phase, Session};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;
use webhooks::Guard;

pub(crate) use self::accept::{Accepted, Asking, Held};
pub(crate) use self::allowance::RateLeft;
use self::cancel::refusal_of;
use self::watch::Watch;
use crate::callers::{Caller, Callers};
use crate::refusal::Refusal;
use crate::room::Room;

/// Lists that are read at once: each holds some hundred records.
const LISTS_AT_ONCE: usize = 4;

#[derive(Clone)]
pub struct JobsSettings {
    pub callers: Callers,
    /// The slots of the workers' configuration: a job that needs more is refused.
    pub slots: Slots,
    /// By which the budget of a key is counted.
    pub prices: Arc<PriceTable>,
    /// Those of the workers and pollers.
    pub rules: Rules,
    /// How long an ended record is kept.
    pub retention: Duration,
    /// How long an accepted job is remembered if no worker records it.
    pub keep_for: Duration,
    /// A caller that sends its body more slowly is refused.
    pub body_timeout: Duration,
    /// Bytes of bodies that are in memory at once; a request that finds no room is refused.
    pub room: usize,
    /// Clients that wait for a job, or follow one, at once.
    pub waits: usize,
    /// Which URLs of clients are called; `None`: none.
    pub webhooks: Option<Guard>,
    /// If the ledger is slower, the request is refused and may be repeated.
    pub ledger_timeout: Duration,
}

impl JobsSettings {
    pub fn new(callers: Callers, rules: Rules, retention: Duration, keep_for: Duration) -> Self {
        Self {
            callers,
            slots: Slots::default(),
            prices: PriceTable::shipped(),
            rules,
            retention,
            keep_for,
            body_timeout: Duration::from_secs(10),
            room: 4 * MAX_MESSAGE_BYTES,
            waits: 256,
            webhooks: None,
            ledger_timeout: Duration::from_secs(2),
        }
    }
}

/// Accepts and shows the jobs of clients.
pub struct Jobs {
    pub(crate) ledger: Arc<dyn Ledger>,
    broker: Arc<dyn Broker>,
    producer: Producer,
    operator: Operator,
    session: Arc<Session>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) room: Room,
    lists: Semaphore,
    waits: Arc<Semaphore>,
    watch: Watch,
    /// Once it is cancelled, nobody waits for a job any more.
    pub(crate) draining: CancellationToken,
    pub(crate) settings: JobsSettings,
}

/// What is known of a job.
#[derive(Debug)]
pub(crate) enum Known {
    /// A worker has recorded it.
    Record(Box<Record>),
    /// It is published, and no worker has recorded it.
    Accepted(Awaited),
}

/// A job that a worker will record.
#[derive(Debug)]
pub(crate) struct Awaited {
    pub(crate) key: JobKey,
    pub(crate) acceptance: Acceptance,
    /// The revision of a record under its key that is not this job's: a cancellation ahead, or a job that
    /// was dropped.
    pub(crate) behind: Option<u64>,
}

impl Jobs {
    /// Inside a Tokio runtime.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        broker: Arc<dyn Broker>,
        session: Arc<Session>,
        clock: Arc<dyn Clock>,
        settings: JobsSettings,
    ) -> Self {
        let producer = Producer::new(broker.clone()).within(settings.slots);
        let (room, lists) = (Room::new(settings.room), Semaphore::new(LISTS_AT_ONCE));
        let waits = Arc::new(Semaphore::new(settings.waits));
        let (watch, draining) = (Watch::start(ledger.clone()), CancellationToken::new());
        let operator = Operator::new(
            ledger.clone(),
            broker.clone(),
            session.clone(),
            settings.rules.clone(),
            settings.retention,
        );
        Self {
            ledger,
            broker,
            producer,
            operator,
            session,
            clock,
            room,
            lists,
            waits,
            watch,
            draining,
            settings,
        }
    }

    /// The client of a request that asks for this.
    pub(crate) fn identify(&self, headers: &HeaderMap, scope: Scope) -> Result<Caller, Refusal> {
        self.settings.callers.identify(headers, scope, self.clock.now())
    }

    /// Whether the key of a client that was served before still counts.
    pub(crate) fn still_serves(&self, caller: &Caller) -> bool {
        self.settings.callers.still_serve(caller, self.clock.now())
    }

    /// Waits for the ledger as long as a client may wait.
    pub(crate) async fn ask<T>(
        &self,
        asking: impl Future<Output = Result<T, LedgerError>>,
    ) -> Result<T, Refusal> {
        match tokio::time::timeout(self.settings.ledger_timeout, asking).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Refusal::Slow),
        }
    }

    /// While the ledger is compared with the journal, what it does not have may exist.
    pub(crate) fn is_complete(&self) -> Result<(), Refusal> {
        match self.session.phase() {
            Phase::Rebuilding => Err(Refusal::Rebuilding),
            Phase::Closed | Phase::Recalling | Phase::Open => Ok(()),
        }
    }

    /// Leave to read one list.
    pub(crate) fn may_list(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.is_complete()?;
        self.lists.try_acquire().map_err(|_| Refusal::TooMany)
    }
}
