use job::{Fact, JobKey, Problem, Record, is_task_id};
use ports::Stored;
use recorder::Applied;

use crate::{Error, Operator};

/// How an operator ends a doubt.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// This is its task: it is polled from now on.
    Attach { task_id: String },
    /// Send it again under the same external id. Paid twice if a task exists and the provider does
    /// not enforce these ids.
    Resubmit { why: String },
    /// Failed, whatever happened to its task.
    Fail { error: Problem },
}

impl Decision {
    fn fact(&self) -> Fact {
        match self.clone() {
            Self::Attach { task_id } => Fact::Accepted { task_id, status: "submitted".to_owned() },
            Self::Resubmit { why } => Fact::Resubmit { why },
            Self::Fail { error } => Fact::Abandoned { error },
        }
    }
}

impl Operator {
    /// Writes an operator's decision about a job in doubt, or about one whose task is denied or
    /// overdue. A poller may have settled the job first.
    pub async fn settle_doubt(
        &self,
        key: &JobKey,
        decision: &Decision,
    ) -> Result<Box<Record>, Error> {
        if let Decision::Attach { task_id } = decision
            && !is_task_id(task_id)
        {
            return Err(Error::NotATask { task_id: task_id.clone() });
        }
        loop {
            let fence = self.session.fence();
            let stored = in_question(key, self.ledger.load(key).await?)?;
            if let Decision::Attach { task_id } = decision {
                self.take_over(&stored.record, task_id).await?;
            }
            match self.recorder.apply(&fence, stored, decision.fact()).await? {
                Applied::Done(record) => return Ok(record),
                Applied::Changed(_) => {}
                Applied::Illegal(illegal) => return Err(illegal.into()),
            }
        }
    }

    async fn take_over(&self, record: &Record, task_id: &str) -> Result<(), Error> {
        match self.recorder.writer().own(&self.session.fence(), record, task_id).await? {
            true => Ok(()),
            false => Err(Error::OthersTask { task_id: task_id.to_owned() }),
        }
    }
}

/// The record, if an operator may settle it.
pub fn in_question(key: &JobKey, stored: Option<Stored>) -> Result<Stored, Error> {
    let stored = stored.ok_or_else(|| Error::Unknown(key.clone()))?;
    match stored.record.is_in_question() {
        true => Ok(stored),
        false => Err(Error::NotInDoubt { key: key.clone(), state: stored.record.state.word() }),
    }
}
