use job::{Failing, Stays};
use ports::Stored;

use crate::{Error, Letter, Operator};

/// The result of resolving a letter as failed.
#[derive(Debug)]
pub enum Failed {
    /// Its job has ended as failed, and the letter is removed.
    Job,
    /// Its job had failed before: only the letter is removed.
    Before,
    /// Nothing was changed: the letter, and the reason.
    Stays(Box<Letter>, Stays),
}

impl Operator {
    /// Ends the job that was parked with the letter as failed, then removes the letter. After a
    /// crash in between, only the letter is left to be removed.
    pub async fn fail_letter(&self, letter: Letter, why: &str) -> Result<Failed, Error> {
        let Some(key) = letter.key() else {
            return Ok(Failed::Stays(Box::new(letter), Stays::NoJob));
        };
        let decide = |stored: Option<&Stored>| match failing(&letter, stored, why) {
            Failing::End(fact) => Ok(fact),
            Failing::Done => Err(None),
            Failing::Stays(stays) => Err(Some(stays)),
        };
        let done = match self.until_applied(&key, decide).await? {
            Ok(_) => Failed::Job,
            Err(Some(stays)) => return Ok(Failed::Stays(Box::new(letter), stays)),
            Err(None) => Failed::Before,
        };
        letter.delivery.ack().await?;
        Ok(done)
    }

    /// What resolving it as failed would do now. Nothing is changed.
    pub async fn look_at_failing(&self, letter: &Letter, why: &str) -> Result<Failing, Error> {
        let stored = match letter.key() {
            Some(key) => self.ledger.load(&key).await?,
            None => None,
        };
        Ok(failing(letter, stored.as_ref(), why))
    }
}

fn failing(letter: &Letter, stored: Option<&Stored>, why: &str) -> Failing {
    letter.facts().failing(stored.map(|stored| &stored.record), why)
}
