use job::Fact;
use ports::Stored;

use crate::{Error, Letter, Operator};

impl Operator {
    /// Whether dropping the letter ends a job. Nothing is changed.
    pub async fn drop_would_end(&self, letter: &Letter) -> Result<bool, Error> {
        let Some(key) = letter.key() else { return Ok(false) };
        let stored = self.ledger.load(&key).await?;
        Ok(stored.is_some_and(|stored| letter.facts().ends(&stored.record)))
    }

    /// Removes the letter and ends the job that was parked with it. The job ends first: after a
    /// crash the letter is still there and can be dropped again.
    pub async fn drop_letter(&self, letter: Letter) -> Result<(), Error> {
        if let Some(key) = letter.key() {
            let dead_letter = letter.facts();
            let decide = |stored: Option<&Stored>| {
                let ends = stored.is_some_and(|stored| dead_letter.ends(&stored.record));
                if ends { Ok(Fact::Dropped) } else { Err(()) }
            };
            // `Err`: only the letter is removed.
            let _ended = self.until_applied(&key, decide).await?;
        }
        Ok(letter.delivery.ack().await?)
    }
}
