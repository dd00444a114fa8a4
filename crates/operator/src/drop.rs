use job::{Dropping, Fact, Stays};
use ports::Stored;

use crate::{Error, Letter, Operator};

/// The result of dropping a letter.
#[derive(Debug)]
pub enum Dropped {
    /// It is removed, and a job that was parked with it has ended.
    Letter,
    /// Nothing was changed: the letter, and the reason.
    Stays(Box<Letter>, Stays),
}

impl Operator {
    /// What dropping it would do now. Nothing is changed.
    pub async fn look_at_dropping(&self, letter: &Letter) -> Result<Dropping, Error> {
        let stored = match letter.key() {
            Some(key) => self.ledger.load(&key).await?,
            None => None,
        };
        Ok(dropping(letter, stored.as_ref()))
    }

    /// Removes the letter and ends the job that was parked with it. The job ends first: after a
    /// crash the letter is still there and can be dropped again.
    pub async fn drop_letter(&self, letter: Letter) -> Result<Dropped, Error> {
        if let Some(key) = letter.key() {
            let decide = |stored: Option<&Stored>| match dropping(&letter, stored) {
                Dropping::End => Ok(Fact::Dropped),
                Dropping::Remove => Err(None),
                Dropping::Stays(stays) => Err(Some(stays)),
            };
            if let Err(Some(stays)) = self.until_applied(&key, decide).await? {
                return Ok(Dropped::Stays(Box::new(letter), stays));
            }
        }
        letter.delivery.ack().await?;
        Ok(Dropped::Letter)
    }
}

fn dropping(letter: &Letter, stored: Option<&Stored>) -> Dropping {
    letter.facts().dropping(stored.map(|stored| &stored.record))
}
