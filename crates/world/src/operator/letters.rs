//! `dead replay` and `dead drop`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use job::{DeadLetter, Fact, JobKey, MessageFacts, Reason, Replay, Timestamp, decode, transition};
use ports::{Clock, Delivery, Destination, Source, Stored, Swapped, Write, header};
use tokio::time::timeout;

use super::{Done, Operator};
use crate::broken::Broken;
use crate::stage::RETENTION;

/// Nothing more within this means that all were seen.
const QUIET: Duration = Duration::from_secs(2);

const MOST: u16 = 1000;

/// So many letters are replayed at once.
const AT_ONCE: usize = 6;

impl Operator {
    /// Some of them, or those that were replayed before and are still there. Sometimes the
    /// acknowledgement is lost, and the letter stays.
    pub(super) async fn replay(&self, again: &[String]) -> Vec<String> {
        let mut chosen = Vec::new();
        for letter in self.letters().await.unwrap_or_default() {
            let handle = handle(&letter);
            let wanted = match again.is_empty() {
                true => chosen.len() < AT_ONCE && self.chance.happens(0.5),
                false => again.contains(&handle),
            };
            if !wanted || identity(&letter).is_some_and(|key| self.is_shared(&key)) {
                continue;
            }
            chosen.push(handle);
            self.replay_one(letter, !again.is_empty()).await;
        }
        chosen
    }

    async fn replay_one(&self, letter: Delivery, repeated: bool) -> Done {
        if letter.message.get(header::REASON).is_some_and(Reason::is_conflict) {
            return None;
        }
        let key = identity(&letter)?;
        let answer = match self.stage.broken == Some(Broken::LetterAnew) && repeated {
            true => self.begin_anew(&key).await?,
            false => self.begin(&letter, &key).await?,
        };
        match answer {
            Replay::Publish | Replay::Begin => {
                self.counted(if repeated { "replayed twice" } else { "replayed" }, &key);
                self.publish_again(&letter).await?;
            }
            Replay::Done => self.counted("replayed before", &key),
            Replay::Stays(_) => return None,
        }
        if self.chance.happens(0.5) {
            self.counted("replay not acknowledged", &key);
            return None;
        }
        letter.ack().await.ok()
    }

    async fn begin(&self, letter: &Delivery, key: &JobKey) -> Option<Replay> {
        let dead = read(letter);
        loop {
            let stored = self.ledger.load_whole(key).await.ok()?;
            let record = stored.as_ref().map(|stored| &stored.record);
            let answer = dead.replay(record, self.session.now(), RETENTION);
            let (Replay::Begin, Some(stored)) = (answer, stored) else { return Some(answer) };
            let fact = Fact::Replayed { letter: dead.handle.clone() };
            if self.next_round(stored, fact).await? {
                return Some(Replay::Begin);
            }
        }
    }

    /// The mistake: another round, whatever came of the one before.
    async fn begin_anew(&self, key: &JobKey) -> Option<Replay> {
        let stored = self.ledger.load_whole(key).await.ok()??;
        let fact = Fact::Again { why: "replayed".to_owned() };
        self.next_round(stored, fact).await?.then_some(Replay::Begin)
    }

    async fn next_round(&self, stored: Stored, fact: Fact) -> Option<bool> {
        let rules = self.stage.rules();
        let step = transition(stored.record, fact, self.session.moment(), &rules).ok()?;
        let (record, outbox) = (step.record, Vec::new());
        let write = Write { record: record.clone(), due: None, outbox, outbox_lease: QUIET };
        match self.ledger.swap(&self.fence(), stored.version, write).await.ok()? {
            Swapped::Done(_) => self.journal(&record).await.map(|()| true),
            Swapped::Stale(_) => Some(false),
        }
    }

    async fn publish_again(&self, letter: &Delivery) -> Done {
        let mut message = letter.message.clone();
        let key = message.get(header::ROUTING_KEY).unwrap_or(&letter.routing_key);
        let to = Destination::Jobs { routing_key: key.to_owned() };
        let ours =
            [header::REASON, header::DETAIL, header::ROUTING_KEY, header::DEAD_AT, header::DEATH];
        message.headers.retain(|name, _| !ours.contains(&name.as_str()));
        // Counted as seen before: the worker then asks the ledger first.
        let message = message.header(header::RETRIES, "1");
        self.broker.publish(&to, message).await.ok()
    }

    /// The first letter whose job waits for a person: the job first, so that a letter that is
    /// left behind can be dropped again.
    pub(super) async fn drop_letter(&self) -> Done {
        for letter in self.letters().await? {
            let Some(key) = identity(&letter).filter(|key| !self.is_shared(key)) else { continue };
            let Some(stored) = self.ledger.load_whole(&key).await.ok()? else { continue };
            if read(&letter).ends(&stored.record) {
                self.write(stored, Fact::Dropped, "dropped").await?;
                return letter.ack().await.ok();
            }
        }
        Some(())
    }

    /// All that are there, in our hands: what is not settled goes back.
    async fn letters(&self) -> Option<Vec<Delivery>> {
        let depth = self.broker.depth(&Source::Dead).await.ok()?;
        let mut deliveries = self.broker.consume(&Source::Dead, MOST).await.ok()?;
        let mut letters = Vec::new();
        while (letters.len() as u64) < depth {
            match timeout(QUIET, deliveries.next()).await {
                Ok(Some(letter)) => letters.push(letter),
                Ok(None) | Err(_) => break,
            }
        }
        deliveries.cancel().await;
        Some(letters)
    }
}

/// The same at every reading.
fn handle(letter: &Delivery) -> String {
    let message = &letter.message;
    let mut hasher = DefaultHasher::new();
    let told = [header::DEAD_AT, header::REASON, header::ROUTING_KEY];
    (&message.id, &message.body, told.map(|name| message.get(name))).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn read(letter: &Delivery) -> DeadLetter {
    DeadLetter {
        handle: handle(letter),
        dead_at: letter.message.number(header::DEAD_AT).map(Timestamp::from_millis),
        request_hash: decode(&letter.message.body, facts(letter))
            .ok()
            .map(|job| job.request.hash()),
    }
}

fn facts(letter: &Delivery) -> MessageFacts<'_> {
    let id = Some(letter.message.id.as_str()).filter(|id| !id.is_empty());
    MessageFacts { message_id: id, routing_key: None }
}

fn identity(letter: &Delivery) -> Option<JobKey> {
    match decode(&letter.message.body, facts(letter)) {
        Ok(job) => Some(job.key),
        Err(bad) => bad.key,
    }
}
