//! `dead replay` and `dead drop`.

use std::time::Duration;

use job::{Fact, JobKey, Replay};
use operator::{Letter, Names};
use ports::Source;
use recorder::{Applied, Recorder, Writer};
use tokio::time::timeout;

use super::{Done, Operator};
use crate::broken::Broken;

/// If no letter arrives within this, all have been read.
const QUIET: Duration = Duration::from_secs(2);

const MOST: u16 = 1000;

/// Maximum number of letters replayed at once.
const AT_ONCE: usize = 6;

impl Operator {
    /// Replays some letters, or those that were replayed before and still exist. Sometimes the
    /// acknowledgement is lost, and the letter stays.
    pub(super) async fn replay(&self, again: &[String]) -> Vec<String> {
        let mut chosen = Vec::new();
        for letter in self.letters().await.unwrap_or_default() {
            let handle = letter.facts().handle;
            let wanted = match again.is_empty() {
                true => chosen.len() < AT_ONCE && self.chance.happens(0.5),
                false => again.contains(&handle),
            };
            if !wanted || letter.key().is_some_and(|key| self.is_shared(&key)) {
                continue;
            }
            chosen.push(handle);
            self.replay_one(letter, !again.is_empty()).await;
        }
        chosen
    }

    async fn replay_one(&self, letter: Letter, repeated: bool) -> Done {
        let key = letter.key()?;
        let answer = match self.world.broken == Some(Broken::LetterAnew) && repeated {
            true => self.begin_anew(&key).await?,
            false => self.actions.begin(&letter).await.ok()?,
        };
        match answer {
            begun @ (Replay::Publish | Replay::Begin) => {
                self.counted(if repeated { "replayed twice" } else { "replayed" }, &key);
                self.actions.publish_again(&letter, begun).await.ok()?;
            }
            Replay::Done => self.counted("replayed before", &key),
            Replay::Stays(_) => return None,
        }
        if self.chance.happens(0.5) {
            self.counted("replay not acknowledged", &key);
            return None;
        }
        letter.delivery.ack().await.ok()
    }

    /// The mistake: begins another round even if the one before has begun.
    async fn begin_anew(&self, key: &JobKey) -> Option<Replay> {
        let (fence, rules) = (self.session.fence(), self.world.rules());
        let stored = self.ledger.load_whole(key).await.ok()??;
        let writer = Writer::new(self.ledger.clone(), self.session.clone(), rules);
        let recorder = Recorder::new(writer, self.broker.clone(), self.session.clone());
        let fact = Fact::Again { why: "replayed".to_owned() };
        let applied = recorder.apply(&fence, stored, fact).await.ok()?;
        matches!(applied, Applied::Done(_)).then_some(Replay::Begin)
    }

    /// Drops the first letter whose job waits for an operator.
    pub(super) async fn drop_letter(&self) -> Done {
        for letter in self.letters().await? {
            let Some(key) = letter.key().filter(|key| !self.is_shared(key)) else { continue };
            let Some(stored) = self.ledger.load(&key).await.ok()? else { continue };
            if letter.facts().ends(&stored.record) {
                let doubted = self.doubted(&key).await?;
                let done = self.actions.drop_letter(letter).await.map(drop);
                return self.note("dropped", &key, doubted, done);
            }
        }
        Some(())
    }

    /// Takes all letters that exist; those that are not settled go back.
    async fn letters(&self) -> Option<Vec<Letter>> {
        let depth = self.broker.depth(&Source::Dead).await.ok()?;
        let mut deliveries = self.broker.consume(&Source::Dead, MOST).await.ok()?;
        let (mut letters, mut names) = (Vec::new(), Names::default());
        while (letters.len() as u64) < depth {
            match timeout(QUIET, deliveries.next()).await {
                Ok(Some(letter)) => letters.push(names.name(letter)),
                Ok(None) | Err(_) => break,
            }
        }
        deliveries.cancel().await;
        Some(letters)
    }
}
