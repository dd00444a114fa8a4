//! Every key that can be set: the one table from which all else derives.

use std::time::Duration;

use crate::choice::{ContentMode, DoubtPolicy, HeaderPrefix, LogFormat, LookUp, TraceMode};
use crate::kind::Kind;

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Key {
    /// Section and name, such as `kling.timeout`.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: Preset,
    /// One line.
    pub(crate) meaning: &'static str,
}

/// What holds when nobody sets the key.
#[derive(Debug)]
pub(crate) enum Preset {
    Unset,
    /// As it would be written in a variable.
    Text(&'static str),
    /// `reelwork/reelwork.db` in the user's data directory.
    DataFile,
}

impl Key {
    /// `REELWORK_SECTION__KEY`.
    pub(crate) fn variable(&self) -> String {
        format!("REELWORK_{}", self.name.replace('.', "__").to_uppercase())
    }

    pub(crate) fn section(&self) -> &'static str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// The name within its section.
    pub(crate) fn leaf(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or_default()
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

pub(crate) fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.section() == name)
}

use Preset::{DataFile, Text, Unset};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MILLISECOND: Duration = Duration::from_millis(1);

const AMQP: Kind = Kind::Endpoint { schemes: &["amqp", "amqps"] };
const REDIS: Kind = Kind::Endpoint {
    schemes: &["redis", "rediss", "valkey", "valkeys", "redis+unix", "valkey+unix", "unix"],
};

const fn count(least: u64, most: u64) -> Kind {
    Kind::Count { least, most }
}

const fn within(least: Duration, most: Duration) -> Kind {
    Kind::Duration { least, most }
}

const fn key(name: &'static str, kind: Kind, default: Preset, meaning: &'static str) -> Key {
    Key { name, kind, default, meaning }
}

/// In the order of the sections of [`Config`](crate::Config).
#[rustfmt::skip] // one row, two lines: it is read as a table
pub(crate) static KEYS: &[Key] = &[
    key("kling.base_url", Kind::HttpUrl, Text("https://api.cometapi.com"),
        "The provider's address, in front of /kling/v1/."),
    key("kling.api_key", Kind::Secret, Unset,
        "The provider's key. Every process that calls the provider needs it."),
    key("kling.account", Kind::Name, Text("default"),
        "A name for the account behind the key: limits are counted per account."),
    key("kling.connect_timeout", within(MILLISECOND, HOUR), Text("5s"),
        "Longest wait for a connection, TLS included; never more than half of kling.timeout."),
    key("kling.timeout", within(MILLISECOND, HOUR), Text("60s"),
        "Deadline of a submission, from connecting to the last byte of the answer."),
    key("kling.look_up", Kind::Word(LookUp::WORDS), Text("auto"),
        "How to ask for a task by its external id; auto = the form that is seen to tell the truth."),
    key("kling.trust_denials", Kind::Bool, Text("false"),
        "Believe look-ups that repeatedly find no such task, and submit again."),
    key("kling.refusal_codes", Kind::Texts, Text("invalid_request"),
        "Error codes that prove, even with a 5xx status, that no task was created."),
    key("kling.busy_codes", Kind::Texts, Unset,
        "Error codes and HTTP statuses (300 to 599) that mean: busy, no task was created, send again."),

    key("broker.url", AMQP, Text("embedded"),
        "RabbitMQ, or embedded for the SQLite file."),
    key("broker.namespace", Kind::Name, Text("reelwork"),
        "First word of every exchange and queue name."),
    key("broker.manage_topology", Kind::Bool, Text("true"),
        "Declare missing exchanges and queues at start."),

    key("ledger.url", REDIS, Text("embedded"),
        "Redis, or embedded for the SQLite file."),
    key("ledger.namespace", Kind::Name, Text("reelwork"),
        "First word of every ledger key."),
    key("ledger.retention", within(SECOND, DAY.saturating_mul(366)), Text("7d"),
        "How long settled jobs are remembered, for status and for refusing duplicates."),
    key("ledger.allow_unsafe", Kind::Bool, Text("false"),
        "Accept a Redis whose settings can lose records silently."),

    key("embedded.path", Kind::Path, DataFile,
        "The SQLite file of the embedded broker and ledger."),

    key("limits.videos", count(0, 100_000), Text("5"),
        "Video tasks in flight at the provider; 0 = no limit."),
    key("limits.images", count(0, 100_000), Text("9"),
        "Images in flight at the provider; 0 = no limit."),
    key("limits.audio", count(0, 100_000), Text("5"),
        "Audio tasks in flight at the provider; 0 = no limit."),
    key("limits.max_submissions_per_day", count(0, 1_000_000_000), Text("0"),
        "The brake on spending: submissions per UTC day; 0 = no limit."),
    key("limits.max_attempts", count(1, 10_000), Text("20"),
        "Counted attempts to submit one job before it is parked."),
    key("limits.max_in_progress", count(1, 100_000), Text("256"),
        "Submissions that one worker works on at once."),

    key("doubt.policy", Kind::Word(DoubtPolicy::WORDS), Text("park"),
        "What becomes of a submission whose fate cannot be known."),
    key("doubt.settling", within(Duration::ZERO, DAY), Text("30s"),
        "Wait after a submission's deadline before a denial counts."),
    key("doubt.give_up", within(MILLISECOND, DAY.saturating_mul(30)), Text("1h"),
        "How long a doubt is looked into before the policy decides."),
    key("doubt.callback_wait", within(Duration::ZERO, DAY), Text("15m"),
        "How much longer a doubt waits for a callback; scaled by poll.pace."),

    key("poll.pace", Kind::Factor { least: 0.0001, most: 100.0 }, Text("1.0"),
        "Factor on the waits between looks at a task and on its deadlines: 2 = half as often."),
    key("poll.give_up", within(SECOND, DAY.saturating_mul(30)), Text("2h"),
        "A task at work for so long is announced as overdue and followed slowly; scaled by poll.pace."),
    key("poll.sweep", within(MILLISECOND, HOUR), Text("100ms"),
        "Longest rest between two searches for due tasks."),
    key("poll.concurrency", count(1, 10_000), Text("64"),
        "Queries to the provider at once."),
    key("poll.batch", count(1, 10_000), Text("256"),
        "Due tasks claimed at once."),

    key("events.submitted", Kind::Bool, Text("false"),
        "Also announce each submission, not only outcomes."),
    key("events.content_mode", Kind::Word(ContentMode::WORDS), Text("structured"),
        "How events look: the whole event in the body, or its data there and the rest in headers."),
    key("events.header_prefix", Kind::Word(HeaderPrefix::WORDS), Text("cloudEvents_"),
        "What the headers of binary events begin with."),

    key("worker.prefetch", count(1, 65_535), Text("64"),
        "Unacknowledged jobs that the broker hands to one lane of one worker."),
    key("worker.drain", within(Duration::ZERO, HOUR), Text("70s"),
        "How long work in hand may take to finish after SIGTERM; longer than kling.timeout."),
    key("worker.max_deliveries", count(1, 900), Text("20"),
        "Deliveries of one message before it is parked; the broker's own limit is 1000."),
    key("worker.producer_skew", within(Duration::ZERO, DAY), Text("5m"),
        "How wrong a producer's clock may be: its word is no evidence this near a ledger's loss."),

    key("gateway.listen", Kind::Address, Text("127.0.0.1:8081"),
        "Where callbacks are received."),
    key("gateway.callback_url", Kind::HttpUrl, Unset,
        "The gateway's address as the provider sees it, in front of /callbacks/. Unset: no callbacks."),
    key("gateway.callback_secrets", Kind::Secrets { most: 2 }, Unset,
        "Keys of the callback tokens, 8 bytes or more: the first signs, all are accepted (for rotation)."),

    key("admin.listen", Kind::Address, Unset,
        "Where a role tells whether it is alive and ready: /livez, /readyz. Unset: nowhere."),

    key("telemetry.log_format", Kind::Word(LogFormat::WORDS), Text("auto"),
        "The log on stderr: json = nothing but JSON lines, pretty for eyes, auto = pretty on a terminal."),
    key("telemetry.log", Kind::LogFilter, Text("info"),
        "What is logged. The variable REELWORK_LOG is short for this key."),
    key("telemetry.otlp_endpoint", Kind::HttpUrl, Unset,
        "Where traces are exported to: OTLP over HTTP, in front of /v1/traces. Unset: nowhere."),
    key("telemetry.trace_mode", Kind::Word(TraceMode::WORDS), Text("link"),
        "How a worker's trace goes on from the producer's: link = its own trace, parent = the same."),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_is_a_section_and_a_key_and_occurs_once() {
        let names: BTreeSet<_> = KEYS.iter().map(|key| key.name).collect();
        assert_eq!(names.len(), KEYS.len());
        for key in KEYS {
            assert_eq!(key.name, format!("{}.{}", key.section(), key.leaf()));
            assert_eq!(find(key.name).unwrap().name, key.name);
        }
    }

    #[test]
    fn a_variable_has_two_underscores_between_section_and_key() {
        let key = find("kling.api_key").unwrap();
        assert_eq!(key.variable(), "REELWORK_KLING__API_KEY");
    }

    #[test]
    fn sections_stand_together_and_meanings_are_one_sentence_a_line() {
        let mut sections: Vec<_> = KEYS.iter().map(Key::section).collect();
        sections.dedup();
        let distinct: BTreeSet<_> = sections.iter().collect();
        assert_eq!(distinct.len(), sections.len());
        for key in KEYS {
            assert!(key.meaning.ends_with('.'), "{}", key.name);
            assert!(!key.meaning.contains('\n'), "{}", key.name);
        }
    }
}
