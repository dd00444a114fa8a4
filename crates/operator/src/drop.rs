use job::Fact;
use ports::Stored;

use crate::{Error, Letter, Operator};

impl Operator {
    /// The letter goes, and the job that was parked with it ends. The job first: a letter that is
    /// left behind by a crash can be dropped again.
    pub async fn drop_letter(&self, letter: Letter) -> Result<(), Error> {
        if let Some(key) = letter.key() {
            let dead_letter = letter.facts();
            let decide = |stored: Option<&Stored>| {
                let ends = stored.is_some_and(|stored| dead_letter.ends(&stored.record));
                if ends { Ok(Fact::Dropped) } else { Err(()) }
            };
            // `Err`: it goes alone.
            let _ended = self.until_applied(&key, decide).await?;
        }
        Ok(letter.delivery.ack().await?)
    }
}
