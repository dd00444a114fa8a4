use std::sync::Arc;
use std::time::Duration;

use job::{Fact, Illegal, JobKey, Record, Rules};
use ports::{Broker, Fence, Ledger, LedgerError, PublishError, Stored};
use recorder::{Applied, Phase, Recorder, Session, Writer};

/// Acts for an operator. Its session must have reached [`Phase::Closed`](recorder::Phase::Closed):
/// before that, a ledger that lost data does not know what was paid for.
pub struct Operator {
    pub(crate) recorder: Recorder,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) session: Arc<Session>,
    /// How long an ended record is kept.
    pub(crate) retention: Duration,
}

/// Why an action was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Broker(#[from] PublishError),
    /// The ledger has it and the journal does not: it is lost if the ledger loses its data now.
    #[error("written, and not in the journal: {0}")]
    Unjournaled(PublishError),
    /// There is no record: the job never existed, or its record has expired.
    #[error("{} is not known", .0.id)]
    Unknown(JobKey),
    #[error("{} is not in doubt: it is {state}", key.id)]
    NotInDoubt { key: JobKey, state: &'static str },
    /// No task has such an id: a request for it would query something else.
    #[error("not a task id: {task_id:?}")]
    NotATask { task_id: String },
    /// Any of these may have its task.
    #[error("it is not known which account has the task: name it, one of {}", accounts.join(", "))]
    AccountNotKnown { accounts: Vec<String> },
    /// The ledger has lost data meanwhile: it does not know what was paid for.
    #[error("the ledger is being rebuilt from the journal: try again later")]
    Rebuilding,
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

    /// Of a ledger that knows what was paid for. The phase is read last: under an older fence nothing can
    /// be written.
    pub(crate) fn fence(&self) -> Result<Arc<Fence>, Error> {
        let fence = self.session.fence();
        match self.session.phase() {
            Phase::Rebuilding => Err(Error::Rebuilding),
            Phase::Closed | Phase::Recalling | Phase::Open => Ok(fence),
        }
    }

    /// Applies the fact that `decide` returns for the record, and calls it again if the record has
    /// changed meanwhile. `decide` returns `Err` if there is no fact to apply.
    pub(crate) async fn until_applied<T>(
        &self,
        key: &JobKey,
        decide: impl Fn(Option<&Stored>) -> Result<Fact, T>,
    ) -> Result<Result<Box<Record>, T>, Error> {
        loop {
            let fence = self.fence()?;
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
