//! What goes wrong on purpose. A fault strikes by a hash of seed, marker and attempt, so that a
//! run with the same jobs meets the same faults whatever the order of its requests.

mod plan;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::operation::Operation;

pub(crate) use plan::{QueryFaults, Spoiled, Target, TaskFaults, of_create, of_query};

/// One kind of fault and when it strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// Share of attempts that it strikes, 0 to 1.
    #[serde(default = "always")]
    pub rate: f64,
    /// Only this operation (`"videos/text2video"`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Only the first n attempts: creates of one job, or, for `query_*` kinds, queries for one
    /// task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_n: Option<u32>,
    /// Only attempts after the first n.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_n: Option<u32>,
    /// Milliseconds for `delay_ms`, `query_delay_ms` and `created_late`; looks for
    /// `not_found_after_create`. Absent: 1,000 ms, 2 looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
}

fn always() -> f64 {
    1.0
}

/// What happens when a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Create: the connection is reset without a byte; nothing is created.
    ResetBefore,
    /// Create: 429/1303 although slots are free.
    Busy,
    /// Create: 429/1302 although the rate limit is not exceeded; with a header `Retry-After` of
    /// `value` ms, rounded up to seconds.
    TooManyRequests,
    /// Create: 429/1102, the account's resource pack is used up.
    AccountBlocked,
    /// Create: 403 in the gateway's envelope, its quota is used up.
    OutOfCredit,
    /// Create: HTTP 500, nothing is created.
    #[serde(rename = "error_500_not_created")]
    Error500NotCreated,
    /// Create: HTTP 504, nothing is created.
    #[serde(rename = "error_504_not_created")]
    Error504NotCreated,
    /// Create: HTTP 200 with an HTML page, nothing is created.
    Html,
    /// Create: a challenge page with HTTP 403, nothing is created.
    ForbiddenPage,
    /// Create: a page with HTTP 503, nothing is created.
    UnavailablePage,
    /// Create: the task is created, the connection closed without a byte.
    LostAnswer,
    /// Create: the task is created, the answer is HTTP 500.
    #[serde(rename = "error_500_created")]
    Error500Created,
    /// Create: the task is created, the answer is HTTP 504.
    #[serde(rename = "error_504_created")]
    Error504Created,
    /// Create: the task is created, the answer is an HTML page with HTTP 200.
    HtmlCreated,
    /// Create: the task is created, the answer is HTTP 200 without a task id.
    NoTaskId,
    /// Create: the connection is closed at once, the task is created `value` ms later.
    CreatedLate,
    /// Create: the answer comes `value` ms late; a task is created at once.
    DelayMs,
    /// Task: ends failed, "Failure to pass the risk control system".
    FailModeration,
    /// Task: ends failed, "generation error".
    FailGeneration,
    /// Task: succeeds, but its outputs carry no url.
    SucceedWithoutUrl,
    /// Task: the first `value` queries for it, by any id, return 404/1203.
    NotFoundAfterCreate,
    /// Task: every second query in `processing` shows `submitted`.
    StatusBackwards,
    /// Task: never ends.
    NeverEnds,
    /// Query: HTTP 500.
    #[serde(rename = "query_error_500")]
    QueryError500,
    /// Query: the connection is closed without a byte.
    QueryLostAnswer,
    /// Query: an HTML page with HTTP 200.
    QueryHtml,
    /// Query: the response is `value` ms late.
    QueryDelayMs,
}

const DEFAULT_MS: u64 = 1_000;
const DEFAULT_LOOKS: u64 = 2;

impl Fault {
    /// The fault that strikes every attempt.
    pub fn always(kind: FaultKind) -> Self {
        Fault::at_rate(kind, 1.0)
    }

    /// The fault that strikes a share of all attempts, 0 to 1.
    pub fn at_rate(kind: FaultKind, rate: f64) -> Self {
        Fault { kind, rate, operation: None, first_n: None, after_n: None, value: None }
    }

    pub(crate) fn problem(&self) -> Option<String> {
        if !(0.0..=1.0).contains(&self.rate) {
            return Some(format!("faults: rate of {:?} must be from 0 to 1", self.kind));
        }
        let name = self.operation.as_deref()?;
        let known = Operation::from_name(name).is_some();
        (!known).then(|| format!("faults: unknown operation {name:?}"))
    }

    fn strikes(&self, place: usize, target: &Target) -> bool {
        self.first_n.is_none_or(|n| target.attempt <= n)
            && self.after_n.is_none_or(|n| target.attempt > n)
            && self.operation.as_deref().is_none_or(|name| name == target.operation.name())
            && target.draw(place).happens(self.rate)
    }

    fn delay(&self) -> Duration {
        Duration::from_millis(self.value.unwrap_or(DEFAULT_MS))
    }
}
