use job::{Fact, Reached, Replay, Stays};
use ports::{Clock, Destination, Stored, header};

use crate::{Error, Letter, Operator};

/// The result of a replay.
#[derive(Debug)]
pub enum Replayed {
    /// Its message is in the broker again.
    Published,
    /// Its round was begun before, and the letter is removed.
    Before,
    /// Not replayed: the letter, and the reason.
    Stays(Box<Letter>, Stays),
}

impl Operator {
    /// Publishes a letter again, in a new round if its job has ended: new external id, new events,
    /// a new payment.
    pub async fn replay(&self, letter: Letter) -> Result<Replayed, Error> {
        match self.begin(&letter).await? {
            begun @ (Replay::Publish | Replay::Begin) => {
                self.publish_again(&letter, begun).await?;
                letter.delivery.ack().await?;
                Ok(Replayed::Published)
            }
            Replay::Done => {
                letter.delivery.ack().await?;
                Ok(Replayed::Before)
            }
            Replay::Stays(stays) => Ok(Replayed::Stays(Box::new(letter), stays)),
        }
    }

    /// What a replay would do now. Nothing is changed.
    pub async fn look(&self, letter: &Letter) -> Result<Replay, Error> {
        let stored = match letter.key() {
            Some(key) => self.ledger.load(&key).await?,
            None => None,
        };
        Ok(self.decide(letter, stored.as_ref()))
    }

    fn decide(&self, letter: &Letter, stored: Option<&Stored>) -> Replay {
        if letter.is_conflict() {
            return Replay::Stays(Stays::Conflict);
        }
        if letter.key().is_none() {
            return Replay::Publish;
        }
        let record = stored.map(|stored| &stored.record);
        letter.facts().replay(record, self.session.now(), self.retention)
    }

    /// Begins the new round, if one is needed.
    pub async fn begin(&self, letter: &Letter) -> Result<Replay, Error> {
        let Some(key) = letter.key() else { return Ok(self.decide(letter, None)) };
        let decide = |stored: Option<&Stored>| match self.decide(letter, stored) {
            Replay::Begin => Ok(Fact::Replayed { letter: letter.facts().handle }),
            other @ (Replay::Publish | Replay::Done | Replay::Stays(_)) => Err(other),
        };
        Ok(match self.until_applied(&key, decide).await? {
            Ok(_) => Replay::Begin,
            Err(other) => other,
        })
    }

    /// Marked as a retry, so that the worker reads the ledger first. A job that may have been sent
    /// before its message died keeps that mark, also for a ledger that lost it; a new round has
    /// sent nothing.
    pub async fn publish_again(&self, letter: &Letter, begun: Replay) -> Result<(), Error> {
        let mut message = letter.delivery.message.clone();
        message.headers.retain(|name, _| !is_of_its_death(name));
        let reached = match begun {
            Replay::Begin => Reached::Nothing,
            Replay::Publish | Replay::Done | Replay::Stays(_) => letter.reached(),
        };
        let message = message.header(header::RETRIES, "1").header(header::REACHED, reached.word());
        let to = Destination::Jobs { routing_key: letter.routing_key().to_owned() };
        Ok(self.broker.publish(&to, message).await?)
    }
}

fn is_of_its_death(name: &str) -> bool {
    let ours =
        [header::REASON, header::DETAIL, header::ROUTING_KEY, header::DEAD_AT, header::DEATH];
    let brokers = ["x-first-death-", "x-last-death-"];
    ours.contains(&name) || brokers.iter().any(|prefix| name.starts_with(prefix))
}
