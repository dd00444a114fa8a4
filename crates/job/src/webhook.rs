//! A call of a client that is due, and what follows an attempt to make it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::{EventKind, ProviderTask, Record, WebhookUrl};

/// One call that is due: its address, and the body of every attempt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebhookCall {
    pub url: WebhookUrl,
    pub body: Box<RawValue>,
}

impl WebhookCall {
    /// Pure. What an event means for the client of its job: a change of its task's status, in the words of
    /// the provider's callbacks. `None`: it is not called.
    pub fn about(record: &Record, kind: EventKind) -> Option<Self> {
        let url = record.webhook.clone().filter(|_| changes_the_status(kind))?;
        let body = to_raw_value(&ProviderTask::of_record(record)).ok()?;
        Some(Self { url, body })
    }
}

/// A client sees a parked job as one that is still processed, and a conflict is about another message.
fn changes_the_status(kind: EventKind) -> bool {
    match kind {
        EventKind::Submitted
        | EventKind::Succeeded
        | EventKind::Failed
        | EventKind::Rejected
        | EventKind::TimedOut
        | EventKind::Cancelled => true,
        EventKind::Parked | EventKind::Conflict | EventKind::Overdue => false,
    }
}

/// What came of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookAttempt {
    Answered {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// No connection, or no answer in time.
    Unanswered,
    /// No request was sent: the host has no address that may be called.
    AddressDenied,
    /// No request was sent: the URL itself may not be called.
    UrlDenied,
}

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookNext {
    Delivered,
    Again(WebhookDelay),
    GiveUp(WebhookEnd),
}

/// Why no attempt follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookEnd {
    /// The receiver answered 410.
    Gone,
    /// The last attempt of the schedule failed.
    Exhausted,
    /// The URL may not be called.
    Denied,
}

impl WebhookEnd {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Exhausted => "exhausted",
            Self::Denied => "denied",
        }
    }
}

/// How long a webhook waits. Each delay is a queue with a TTL of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WebhookDelay {
    FiveSeconds,
    FiveMinutes,
    HalfAnHour,
    TwoHours,
    FiveHours,
    TenHours,
}

/// The waits between the attempts: eight attempts in a little less than 28 hours.
const SCHEDULE: [WebhookDelay; 7] = [
    WebhookDelay::FiveSeconds,
    WebhookDelay::FiveMinutes,
    WebhookDelay::HalfAnHour,
    WebhookDelay::TwoHours,
    WebhookDelay::FiveHours,
    WebhookDelay::TenHours,
    WebhookDelay::TenHours,
];

impl WebhookDelay {
    pub const ALL: [Self; 6] = [
        Self::FiveSeconds,
        Self::FiveMinutes,
        Self::HalfAnHour,
        Self::TwoHours,
        Self::FiveHours,
        Self::TenHours,
    ];

    /// The tail of the queue's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FiveSeconds => "5s",
            Self::FiveMinutes => "5m",
            Self::HalfAnHour => "30m",
            Self::TwoHours => "2h",
            Self::FiveHours => "5h",
            Self::TenHours => "10h",
        }
    }

    pub fn wait(self) -> Duration {
        Duration::from_secs(match self {
            Self::FiveSeconds => 5,
            Self::FiveMinutes => 5 * 60,
            Self::HalfAnHour => 30 * 60,
            Self::TwoHours => 2 * 3600,
            Self::FiveHours => 5 * 3600,
            Self::TenHours => 10 * 3600,
        })
    }

    /// The shortest that is no shorter than this; the longest if none is.
    fn at_least(wait: Duration) -> Self {
        Self::ALL.into_iter().find(|delay| delay.wait() >= wait).unwrap_or(Self::TenHours)
    }
}

/// Pure. `before`: how many attempts failed before this one.
pub fn webhook_next(attempt: WebhookAttempt, before: u32) -> WebhookNext {
    match attempt {
        WebhookAttempt::Answered { status: 200..=299, .. } => WebhookNext::Delivered,
        WebhookAttempt::Answered { status: 410, .. } => WebhookNext::GiveUp(WebhookEnd::Gone),
        WebhookAttempt::Answered { status: 429 | 503, retry_after } => again(before, retry_after),
        WebhookAttempt::Answered { .. }
        | WebhookAttempt::Unanswered
        | WebhookAttempt::AddressDenied => again(before, None),
        WebhookAttempt::UrlDenied => WebhookNext::GiveUp(WebhookEnd::Denied),
    }
}

/// A receiver that asks for time gets at least that, up to ten hours.
fn again(before: u32, asked: Option<Duration>) -> WebhookNext {
    match SCHEDULE.get(before as usize) {
        Some(delay) => WebhookNext::Again(
            asked.map_or(*delay, |asked| WebhookDelay::at_least(asked).max(*delay)),
        ),
        None => WebhookNext::GiveUp(WebhookEnd::Exhausted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CloudEvent, EventSource, MessageFacts, Timestamp, decode};

    fn next(status: u16, before: u32, retry_after: Option<u64>) -> WebhookNext {
        let retry_after = retry_after.map(Duration::from_secs);
        webhook_next(WebhookAttempt::Answered { status, retry_after }, before)
    }

    #[test]
    fn each_answer_has_its_consequence() {
        use WebhookDelay::{FiveMinutes, FiveSeconds, HalfAnHour, TenHours};
        use WebhookNext::{Again, Delivered, GiveUp};
        for (status, before, retry_after, expected) in [
            (200, 0, None, Delivered),
            (204, 7, None, Delivered),
            (301, 0, None, Again(FiveSeconds)),
            (302, 1, Some(7200), Again(FiveMinutes)),
            (400, 0, None, Again(FiveSeconds)),
            (404, 2, None, Again(HalfAnHour)),
            (410, 0, None, GiveUp(WebhookEnd::Gone)),
            (500, 0, Some(3600), Again(FiveSeconds)),
            (429, 0, None, Again(FiveSeconds)),
            (429, 0, Some(3), Again(FiveSeconds)),
            (429, 0, Some(60), Again(FiveMinutes)),
            (503, 0, Some(86_400), Again(TenHours)),
            (503, 2, Some(1), Again(HalfAnHour)),
            (503, 7, Some(1), GiveUp(WebhookEnd::Exhausted)),
            (500, 7, None, GiveUp(WebhookEnd::Exhausted)),
            (199, 0, None, Again(FiveSeconds)),
        ] {
            assert_eq!(next(status, before, retry_after), expected, "{status} {retry_after:?}");
        }
    }

    #[test]
    fn what_was_not_sent_is_tried_again_unless_it_never_can_be() {
        let first = WebhookNext::Again(WebhookDelay::FiveSeconds);
        assert_eq!(webhook_next(WebhookAttempt::Unanswered, 0), first);
        assert_eq!(webhook_next(WebhookAttempt::AddressDenied, 0), first);
        let denied = WebhookNext::GiveUp(WebhookEnd::Denied);
        assert_eq!(webhook_next(WebhookAttempt::UrlDenied, 0), denied);
    }

    #[test]
    fn a_receiver_that_is_down_for_a_day_is_still_called() {
        let waits = (0..).map_while(|before| match next(500, before, None) {
            WebhookNext::Again(delay) => Some(delay.wait()),
            WebhookNext::Delivered | WebhookNext::GiveUp(_) => None,
        });
        let waits: Vec<_> = waits.collect();
        assert_eq!(waits.len(), 7);
        let all: Duration = waits.iter().sum();
        assert!((27 * 3600..28 * 3600).contains(&all.as_secs()), "{all:?}");
    }

    #[test]
    fn a_client_is_called_when_the_status_of_its_task_changes() {
        let job = |url: &str| {
            let body = format!(
                r#"{{"id":"a","operation":"videos/text2video","request":{{"prompt":"x"}}{url}}}"#
            );
            decode(body.as_bytes(), MessageFacts::default()).unwrap()
        };
        let record = |url| Record::new(&job(url), "default", "reelwork", Timestamp::EPOCH);
        let called = record(r#","webhook_url":"https://client.example/canary""#);
        let about = |kind| WebhookCall::about(&called, kind);
        let silent = EventKind::ALL.into_iter().filter(|kind| about(*kind).is_none());
        let expected = [EventKind::Parked, EventKind::Conflict, EventKind::Overdue];
        assert!(silent.eq(expected));
        let call = about(EventKind::Submitted).unwrap();
        assert_eq!(call.url.expose(), "https://client.example/canary");
        let task = serde_json::to_string(&ProviderTask::of_record(&called)).unwrap();
        assert_eq!(call.body.get(), task);
        assert!(EventKind::ALL.iter().all(|kind| WebhookCall::about(&record(""), *kind).is_none()));
        let source = EventSource::of_installation("reelwork");
        let event = CloudEvent::about(&called, EventKind::Failed, &source, Timestamp::EPOCH);
        assert!(!serde_json::to_string(&event).unwrap().contains("canary"));
    }
}
