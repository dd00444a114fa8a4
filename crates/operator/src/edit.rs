use job::{Editing, Fact, Job, Reached, Stays};
use ports::{Clock, Destination, Message, Stored, header};

use crate::{Error, Letter, Operator};

/// The result of an edit.
#[derive(Debug)]
pub enum Edited {
    /// The edited job is queued, and the letter is removed.
    Job,
    /// It was edited so before: only the letter is removed.
    Before,
    /// Nothing was changed: the reason.
    Stays(Stays),
}

impl Operator {
    /// Has this job, which was checked, done in place of the letter's. Under the letter's own id it
    /// is a new round of its job, if one is recorded; under another id it is another job. The
    /// letter is removed once the job is in the journal or its message is in the broker.
    pub async fn edit(&self, letter: Letter, job: &Job) -> Result<Edited, Error> {
        let is_own = letter.key().as_ref() == Some(&job.key);
        let editing = match is_own {
            true => self.edit_own(&letter, job).await?,
            false => self.edit_as(&letter, job).await?,
        };
        match editing {
            // Pollers publish its message from the outbox.
            Editing::Begin => {}
            Editing::Publish => self.publish_edited(&letter, job, is_own).await?,
            Editing::Done => {
                self.journal_again(job).await?;
                letter.delivery.ack().await?;
                return Ok(Edited::Before);
            }
            Editing::Stays(stays) => return Ok(Edited::Stays(stays)),
        }
        letter.delivery.ack().await?;
        Ok(Edited::Job)
    }

    async fn edit_own(&self, letter: &Letter, job: &Job) -> Result<Editing, Error> {
        if letter.is_conflict() {
            return Ok(Editing::Stays(Stays::Conflict));
        }
        let decide = |stored: Option<&Stored>| match self.editing(letter, job, stored) {
            Editing::Begin if !is_only_edited(letter, job) => Err(Editing::Stays(Stays::Recorded)),
            Editing::Begin => Ok(Fact::Edited {
                letter: letter.facts().handle,
                request: job.request.clone(),
                slots: validation::slots(job),
            }),
            other @ (Editing::Publish | Editing::Done | Editing::Stays(_)) => Err(other),
        };
        Ok(match self.until_applied(&job.key, decide).await? {
            Ok(_) => Editing::Begin,
            Err(other) => other,
        })
    }

    fn editing(&self, letter: &Letter, job: &Job, stored: Option<&Stored>) -> Editing {
        let (record, hash) = (stored.map(|stored| &stored.record), job.request.hash());
        let now = self.session.now();
        letter.facts().edit(record, &hash, letter.reached(), now, self.retention)
    }

    async fn edit_as(&self, letter: &Letter, job: &Job) -> Result<Editing, Error> {
        // What is not there may be restored.
        self.fence()?;
        let own = match letter.key() {
            Some(key) => self.ledger.load(&key).await?.map(|stored| stored.record),
            None => None,
        };
        let there = self.ledger.load(&job.key).await?.map(|stored| stored.record);
        Ok(letter.facts().edit_as(own.as_ref(), there.as_ref(), &job.request.hash()))
    }

    async fn publish_edited(&self, letter: &Letter, job: &Job, is_own: bool) -> Result<(), Error> {
        let to = Destination::Jobs { routing_key: job.routing_key().to_string() };
        let message = match is_own {
            true => replaced(letter, job),
            false => {
                let now = self.session.now().as_millis().to_string();
                message(letter, job, &[]).header(header::ENQUEUED_AT, now)
            }
        };
        Ok(self.broker.publish(&to, message).await?)
    }

    /// Whoever edited it before may have failed to journal it.
    async fn journal_again(&self, job: &Job) -> Result<(), Error> {
        if let Some(stored) = self.ledger.load(&job.key).await? {
            self.recorder.journal_again(stored).await?;
        }
        Ok(())
    }
}

/// A recorded job keeps what its producer has said beside the request.
fn is_only_edited(letter: &Letter, job: &Job) -> bool {
    letter.job().is_some_and(|old| Job { request: job.request.clone(), ..old } == *job)
}

/// For the same id: its life and how far it may have come are those of the letter.
fn replaced(letter: &Letter, job: &Job) -> Message {
    let reached = match letter.is_job() {
        true => letter.reached(),
        false => Reached::Nothing,
    };
    let mut message = message(letter, job, &[header::ENQUEUED_AT, header::LIFE]);
    message.timestamp = letter.delivery.message.timestamp;
    message.header(header::REACHED, reached.word())
}

/// With the trace of the letter and these of its headers. The worker reads the ledger first.
fn message(letter: &Letter, job: &Job, kept: &[&str]) -> Message {
    let mut message = Message::json(job.key.id.as_str(), job.to_message());
    for (name, value) in &letter.delivery.message.headers {
        let traces = [header::TRACEPARENT, header::TRACESTATE].contains(&name.as_str());
        if traces || kept.contains(&name.as_str()) {
            message = message.header(name, value.as_str());
        }
    }
    message.header(header::RETRIES, "1")
}
