use job::{Fact, JobKey, Problem, Record, is_task_id};
use ports::Stored;
use recorder::Applied;

use crate::{Error, Operator};

/// How an operator ends a doubt.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// This is its task: it is polled from now on.
    Attach {
        task_id: String,
        /// The account that has it. `None`: that of the record.
        account: Option<String>,
    },
    /// Send it again under the same external id. Paid twice if a task exists and the provider does
    /// not enforce these ids.
    Resubmit { why: String },
    /// Failed, whatever happened to its task.
    Fail { error: Problem },
}

impl Decision {
    fn fact(&self) -> Fact {
        match self.clone() {
            Self::Attach { task_id, .. } => {
                Fact::Accepted { task_id, status: "submitted".to_owned() }
            }
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
        if let Decision::Attach { task_id, .. } = decision
            && !is_task_id(task_id)
        {
            return Err(Error::NotATask { task_id: task_id.clone() });
        }
        loop {
            let fence = self.fence()?;
            let mut stored = in_question(key, self.ledger.load(key).await?)?;
            if let Decision::Attach { task_id, account } = decision {
                let account = account_of_task(&stored.record, account.as_deref())?.to_owned();
                self.of_account(&mut stored.record, &account).await?;
                self.own_task(&stored.record, task_id).await?;
            }
            match self.recorder.apply(&fence, stored, decision.fact()).await? {
                Applied::Done(record) => return Ok(record),
                Applied::Changed(_) => {}
                Applied::Illegal(illegal) => return Err(illegal.into()),
            }
        }
    }

    /// The reconciler gives back the slot that it holds of the account before.
    async fn of_account(&self, record: &mut Record, account: &str) -> Result<(), Error> {
        if account == record.account {
            return Ok(());
        }
        account.clone_into(&mut record.account);
        record.other_accounts.clear();
        Ok(self.recorder.writer().hold(&self.session.fence(), record).await?)
    }

    async fn own_task(&self, record: &Record, task_id: &str) -> Result<(), Error> {
        match self.recorder.writer().own(&self.session.fence(), record, task_id).await? {
            true => Ok(()),
            false => Err(Error::OthersTask { task_id: task_id.to_owned() }),
        }
    }
}

/// The account whose task is attached. `named`: by the operator, who must if it is not known.
pub fn account_of_task<'a>(record: &'a Record, named: Option<&'a str>) -> Result<&'a str, Error> {
    match (named, record.other_accounts.is_empty()) {
        (Some(named), _) => Ok(named),
        (None, true) => Ok(&record.account),
        (None, false) => Err(Error::AccountNotKnown { accounts: record.all_possible_accounts() }),
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

#[cfg(test)]
mod tests {
    use job::{MessageFacts, Timestamp, decode};

    use super::*;

    #[test]
    fn an_account_that_is_not_known_must_be_named() {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let known = Record::new(&job, "main", "reelwork", Timestamp::EPOCH);
        assert_eq!(account_of_task(&known, None).unwrap(), "main");
        assert_eq!(account_of_task(&known, Some("second")).unwrap(), "second");
        let lost = known.sent_with_one_of(&["main".to_owned(), "second".to_owned()]);
        let error = account_of_task(&lost, None).unwrap_err();
        assert!(error.to_string().ends_with("one of main, second"), "{error}");
        assert_eq!(account_of_task(&lost, Some("main")).unwrap(), "main");
    }
}
