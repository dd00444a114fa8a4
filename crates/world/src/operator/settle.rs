//! `cancel` and `doubt fail`.

use std::time::Duration;

use job::{EventSource, Fact, JobKey, Problem, Record, State, Step, Timestamp, transition};
use ports::{Announcer, Clock, Created, PermitReturn, Stored, Swapped, Write};

use super::{Done, Operator};
use crate::script::Line;

/// A doubt that is looked into still is nobody's to end.
const YOUNG: Duration = Duration::from_secs(15);

impl Operator {
    /// What has not been submitted; what was goes on.
    pub(super) async fn cancel(&self) -> Done {
        let key = self.any_key()?;
        let (fence, now) = (self.fence(), self.session.now());
        let (record, outbox) = (Record::tombstone(key, now), Vec::new());
        let tombstone = Write { record, due: None, outbox, outbox_lease: Duration::ZERO };
        let present = match self.ledger.create(&fence, tombstone.clone()).await.ok()? {
            Created::New => {
                self.counted("cancelled ahead", &tombstone.record.key);
                return self.journal(&tombstone.record).await;
            }
            Created::Exists(stored) => *stored,
        };
        match present.record.state {
            State::Tombstone => Some(()),
            _ => self.write(present, Fact::CancelRequested, "cancelled").await,
        }
    }

    /// A doubt of which the provider says that no task of it is at work.
    pub(super) async fn fail(&self) -> Done {
        let keys = self.stage.keys();
        let begin = usize::try_from(self.chance.below(keys.len() as u64)).unwrap_or(0);
        let order = keys.iter().skip(begin).chain(keys.iter().take(begin));
        for key in order {
            let Some(stored) = self.ledger.load_whole(key).await.ok()? else { continue };
            if !is_old_doubt(&stored.record, self.session.now()) {
                continue;
            }
            let error = Problem::new("operator", "given up by a person");
            return self.write(stored, Fact::Abandoned { error }, "doubt failed").await;
        }
        Some(())
    }

    pub(super) async fn write(&self, stored: Stored, fact: Fact, what: &'static str) -> Done {
        let doubted = doubt_since(&stored.record).is_some();
        if doubted && self.is_at_work(&stored.record.key) {
            return None;
        }
        let rules = self.stage.rules();
        let step = transition(stored.record, fact, self.session.moment(), &rules).ok()?;
        let write = announcer().write(&step, self.session.now(), Duration::ZERO).ok()?;
        match self.ledger.swap(&self.fence(), stored.version, write).await {
            Ok(Swapped::Done(_)) => {}
            Ok(Swapped::Stale(_)) => return None,
            // Whether it was written is not known.
            Err(_) => {
                self.decide(doubted, &step);
                return None;
            }
        }
        self.decide(doubted, &step);
        self.counted(what, &step.record.key);
        self.ledger.give_permits(&self.fence(), &PermitReturn::of(&step)).await.ok()?;
        self.journal(&step.record).await
    }

    /// What became of its task is the person's to answer for.
    fn decide(&self, doubted: bool, step: &Step) {
        if doubted {
            self.stage.decided().insert(step.record.key.clone());
        }
    }

    /// As the provider's own pages show it.
    fn is_at_work(&self, key: &JobKey) -> bool {
        let now = self.stage.time.now();
        let books = self.stage.provider.books();
        let ids = books.by_marker.get(&Line::marker(key));
        let mut tasks = ids.into_iter().flatten().filter_map(|id| books.tasks.get(id));
        tasks.any(|task| task.is_at_work(now))
    }
}

fn announcer() -> Announcer {
    Announcer { source: EventSource::of_installation("world") }
}

fn doubt_since(record: &Record) -> Option<Timestamp> {
    match &record.state {
        State::InDoubt { doubt } | State::Parked { doubt: Some(doubt), .. } => Some(doubt.since),
        _ => None,
    }
}

fn is_old_doubt(record: &Record, now: Timestamp) -> bool {
    doubt_since(record).is_some_and(|since| now.since(since) > YOUNG)
}
