use std::sync::Arc;
use std::time::Duration;

use job::{Fact, Illegal, JobKey, Record, Rules};
use ports::{Broker, Ledger, LedgerError, PublishError, Stored};
use recorder::{Applied, Recorder, Session, Writer};

/// A member of the ledger that acts for a person. The session must have reached
/// [`Phase::Closed`](recorder::Phase::Closed): a ledger that lost its memory knows nothing of what was
/// paid for.
pub struct Operator {
    pub(crate) recorder: Recorder,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) session: Arc<Session>,
    /// How long an ended record is remembered.
    pub(crate) retention: Duration,
}

/// Why an action was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Broker(#[from] PublishError),
    /// The ledger has it and the journal does not: a ledger that is lost now forgets it.
    #[error("written, and not in the journal: {0}")]
    Unjournaled(PublishError),
    /// It never was, or was forgotten after its retention.
    #[error("{} is not known", .0.id)]
    Unknown(JobKey),
    #[error("{} is not in doubt: it is {state}", key.id)]
    NotInDoubt { key: JobKey, state: &'static str },
    /// No task has such an id: a request for it would ask for something else.
    #[error("not a task id: {task_id:?}")]
    NotATask { task_id: String },
    #[error("task {task_id} is another job's")]
    OthersTask { task_id: String },
    #[error(transparent)]
    Illegal(#[from] Box<Illegal>),
}

impl From<recorder::Error> for Error {
    fn from(error: recorder::Error) -> Self {
        match error {
            recorder::Error::Ledger(error) => Self::Ledger(error),
            recorder::Error::Unjournaled { error, .. } => Self::Unjournaled(error),
            recorder::Error::Unannounced(error) => Self::Broker(error),
        }
    }
}

impl Operator {
    pub fn new(
        ledger: Arc<dyn Ledger>,
        broker: Arc<dyn Broker>,
        session: Arc<Session>,
        rules: Rules,
        retention: Duration,
    ) -> Self {
        let writer = Writer::new(ledger.clone(), session.clone(), rules);
        let recorder = Recorder::new(writer, broker.clone(), session.clone());
        Self { recorder, ledger, broker, session, retention }
    }

    /// Applies what `decide` makes of the record, and asks it again whenever somebody wrote in
    /// between. `decide` answers `Err` with what it found instead of a fact.
    pub(crate) async fn until_applied<T>(
        &self,
        key: &JobKey,
        decide: impl Fn(Option<&Stored>) -> Result<Fact, T>,
    ) -> Result<Result<Box<Record>, T>, Error> {
        loop {
            let fence = self.session.fence();
            let stored = self.ledger.load(key).await?;
            let fact = match decide(stored.as_ref()) {
                Ok(fact) => fact,
                Err(found) => return Ok(Err(found)),
            };
            let stored = stored.ok_or_else(|| Error::Unknown(key.clone()))?;
            match self.recorder.apply(&fence, stored, fact).await? {
                Applied::Done(record) => return Ok(Ok(record)),
                Applied::Changed(_) => {}
                Applied::Illegal(illegal) => return Err(illegal.into()),
            }
        }
    }
}
