//! The messages that the producers of a world publish.

use std::time::Duration;

use job::{JobId, JobKey, Operation, Priority, RoutingKey, Tenant, Timestamp};
use memory::StoreTime;
use ports::{Message, header};
use serde_json::{Value, json};

use crate::accounts::Name;
use crate::chance::Chance;
use crate::provider::{BLOCKED, FORBIDDEN, MARKER};

/// One message, and when it is published.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    pub(crate) at: Duration,
    pub(crate) key: JobKey,
    pub(crate) kind: Kind,
    /// The account that its message names.
    pub(crate) account: Option<Name>,
    priority: Priority,
    operation: &'static str,
    slots: u64,
    retries: u64,
    /// Counted from when it is published.
    deadline: Option<Duration>,
    clock: ProducersClock,
}

/// How a producer's clock differs from the true time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ProducersClock {
    Right,
    /// Also by hours, as if local time were given as UTC.
    Ahead(Duration),
    Behind(Duration),
    /// In microseconds.
    Micros,
    /// The message has no time.
    Absent,
}

impl ProducersClock {
    fn of(chance: &Chance) -> Self {
        match chance.below(12) {
            0 => Self::Ahead(chance.millis(0, 120_000)),
            1 => Self::Ahead(Duration::from_secs(2 * 3600)),
            2 => Self::Behind(chance.millis(0, 120_000)),
            3 => Self::Micros,
            4 => Self::Absent,
            _ => Self::Right,
        }
    }

    /// In milliseconds, as the message contains it.
    fn written_millis(self, now: Timestamp) -> Option<i64> {
        let millis = |by: Duration| i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Some(match self {
            Self::Right => now.as_millis(),
            Self::Ahead(by) => now.as_millis() + millis(by),
            Self::Behind(by) => now.as_millis() - millis(by),
            Self::Micros => now.as_millis() * 1000,
            Self::Absent => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Good,
    /// The provider will refuse it.
    Forbidden,
    /// It has a field that does not exist: it is not a job.
    Bad,
    /// It names an account that does not exist.
    Stray,
    /// Another request with the same id.
    Other,
    /// A proxy refuses this job and no other.
    Blocked,
}

impl Kind {
    /// It is rejected, and then another job may have its id.
    pub(crate) fn leaves_its_id(self) -> bool {
        matches!(self, Self::Bad | Self::Stray)
    }
}

/// Longer than the least busy world needs for one job.
const SPREAD_MS: u64 = 25_000;

/// All messages of a run, ordered by time.
pub(crate) fn write(chance: &Chance, jobs: u32, twins: f64, blocked: bool) -> Vec<Publication> {
    let mut lines = Vec::new();
    for number in 1..=jobs {
        let publication = publication(chance, number, jobs);
        if chance.happens(twins) {
            let kind = if chance.happens(0.2) { Kind::Other } else { publication.kind };
            let at = publication.at + chance.millis(0, 3_000);
            lines.push(Publication { at, kind, ..publication.clone() });
        }
        lines.push(publication);
    }
    if blocked {
        lines.extend(one_blocked(chance, jobs));
    }
    lines.sort_by_key(|publication| publication.at);
    lines
}

/// One that is refused, and others of its lane that pass while it is tried repeatedly.
fn one_blocked(chance: &Chance, jobs: u32) -> Vec<Publication> {
    let alike = |number: u32| Publication {
        kind: Kind::Good,
        priority: Priority::Normal,
        operation: "videos/text2video",
        slots: 1,
        deadline: None,
        ..publication(chance, jobs + number, jobs)
    };
    let mut lines =
        vec![Publication { kind: Kind::Blocked, at: chance.millis(0, 5_000), ..alike(1) }];
    for number in 2..=6 {
        let at = Duration::from_secs(u64::from(number) * 12);
        lines.push(Publication { at, ..alike(number) });
    }
    lines
}

fn publication(chance: &Chance, number: u32, jobs: u32) -> Publication {
    let (operation, slots) = match chance.below(10) {
        0..=5 => ("videos/text2video", 1),
        6..=8 => ("images/generations", chance.between(1, 3)),
        _ => ("audio/text-to-audio", 1),
    };
    let kind = match chance.below(40) {
        _ if jobs == 1 => Kind::Good,
        0 => Kind::Forbidden,
        1 => Kind::Bad,
        _ => Kind::Good,
    };
    Publication {
        at: chance.millis(0, if jobs == 1 { 0 } else { SPREAD_MS }),
        key: key(chance, number),
        kind,
        account: None,
        priority: Priority::ALL[usize::try_from(chance.below(3)).unwrap_or(0)],
        operation,
        slots,
        retries: if chance.happens(0.3) { chance.below(3) } else { 0 },
        deadline: chance.happens(0.03).then(|| chance.millis(1_000, 20_000)),
        clock: ProducersClock::of(chance),
    }
}

fn key(chance: &Chance, number: u32) -> JobKey {
    let tenant = if chance.happens(0.2) { Tenant::new("acme").ok() } else { None };
    let id = JobId::new(format!("job-{number}")).unwrap_or_else(|_| JobId::generate());
    JobKey::new(tenant.unwrap_or_default(), id)
}

impl Publication {
    pub(crate) fn marker(key: &JobKey) -> String {
        key.to_string()
    }

    pub(crate) fn routing_key(&self) -> String {
        RoutingKey::of(&Operation::new(self.operation), self.priority).to_string()
    }

    fn prompt(&self) -> String {
        let words = match self.kind {
            Kind::Forbidden => FORBIDDEN,
            Kind::Other => "something else",
            Kind::Blocked => BLOCKED,
            Kind::Good | Kind::Bad | Kind::Stray => "a cat",
        };
        format!("{MARKER}{} {words}", Self::marker(&self.key))
    }

    fn request(&self) -> Value {
        let prompt = self.prompt();
        match self.operation {
            "images/generations" => json!({"prompt": prompt, "n": self.slots}),
            "audio/text-to-audio" => json!({"prompt": prompt, "duration": 5.0}),
            _ => json!({"prompt": prompt, "duration": "5"}),
        }
    }

    pub(crate) fn message(&self, time: &StoreTime) -> Message {
        let now = time.now();
        let mut body = json!({
            "id": self.key.id, "tenant": self.key.tenant, "operation": self.operation,
            "request": self.request(), "priority": self.priority, "retries": self.retries,
        });
        if let Some(deadline) = self.deadline {
            body["deadline"] = Value::from((now + deadline).to_string());
        }
        match self.kind {
            Kind::Stray => body["account"] = Value::from("nobody-s"),
            _ if self.account.is_some() => body["account"] = Value::from(self.account),
            _ => {}
        }
        if self.kind == Kind::Bad {
            body["surprise"] = Value::from(true);
        }
        let message = Message::json(self.key.to_string(), body.to_string());
        match self.clock.written_millis(now) {
            Some(millis) => message.header(header::ENQUEUED_AT, millis.to_string()),
            None => message,
        }
    }
}

#[cfg(test)]
mod tests {
    use job::{MessageFacts, decode};

    use super::*;

    #[tokio::test]
    async fn every_good_line_is_a_job_that_the_provider_takes() {
        let time = StoreTime::simulated();
        let lines = write(&Chance::new(3), 300, 0.3, true);
        assert!(lines.len() > 320);
        for publication in lines {
            let (message, routing_key) = (publication.message(&time), publication.routing_key());
            let facts = MessageFacts { message_id: None, routing_key: Some(&routing_key) };
            let job = decode(&message.body, facts);
            assert_eq!(job.is_ok(), publication.kind != Kind::Bad, "{job:?}");
            let Ok(job) = job else { continue };
            let route = kling::Route::parse(job.operation.as_str()).unwrap();
            assert_eq!(kling::validate(route, job.request.fields()).errors, []);
        }
    }
}
