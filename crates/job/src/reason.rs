use std::fmt;

use crate::{Fact, MAX_MESSAGE_BYTES, Problem};

/// What is wrong, and with which field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// A key of the message, or a path within its request (`image_list[2].image`).
    pub field: Option<String>,
    pub message: String,
}

impl Fault {
    pub fn of(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), message: message.into() }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self { field: None, message }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why a message is not a job that can be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the message is not JSON: {0}")]
    NotJson(String),
    #[error("the message is not a job: {0}")]
    NotAJob(Fault),
    #[error(
        "unknown operation \"{0}\": use the provider's path below /kling/v1/, such as \"videos/text2video\""
    )]
    UnknownOperation(String),
    #[error("the request is invalid: {0}")]
    InvalidRequest(Fault),
    #[error(
        "the message has {bytes} bytes, more than {MAX_MESSAGE_BYTES}: send a URL instead of inline data"
    )]
    TooLarge { bytes: usize },
    #[error("routing key \"{key}\" disagrees with the body, which belongs under \"{expected}\"")]
    RoutingKeyDisagrees { key: String, expected: String },
    /// The message asks for an account that its tenant may not use.
    #[error("{0}")]
    UnknownAccount(Fault),
    #[error("every account is reserved for other tenants than {0}")]
    NoAccount(String),
    #[error("the same id came with another request: the first stands")]
    Conflict,
    #[error("delivered {0} times without being settled")]
    DeliveredTooOften(u32),
    #[error("gave up after {attempts} attempts, the last: {cause}")]
    TooManyAttempts { attempts: u32, cause: String },
    #[error("n: {slots} slots can never be free when the limit is {limit}")]
    WiderThanLimit { slots: u32, limit: u32 },
}

impl Reason {
    /// Each [`word`](Self::word) there is.
    pub const WORDS: [&'static str; 12] = [
        "not_json",
        "not_a_job",
        "unknown_operation",
        "invalid_request",
        "too_large",
        "routing_key_disagrees",
        "unknown_account",
        "no_account",
        "conflict",
        "delivered_too_often",
        "too_many_attempts",
        "wider_than_limit",
    ];

    /// The stable word used in headers, events and metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "not_json",
            Self::NotAJob(_) => "not_a_job",
            Self::UnknownOperation(_) => "unknown_operation",
            Self::InvalidRequest(_) => "invalid_request",
            Self::TooLarge { .. } => "too_large",
            Self::RoutingKeyDisagrees { .. } => "routing_key_disagrees",
            Self::UnknownAccount(_) => "unknown_account",
            Self::NoAccount(_) => "no_account",
            Self::Conflict => "conflict",
            Self::DeliveredTooOften(_) => "delivered_too_often",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::WiderThanLimit { .. } => "wider_than_limit",
        }
    }

    /// Whether this reason of a dead letter means that its id belongs to another request.
    pub fn is_conflict(word: &str) -> bool {
        word == Self::Conflict.word()
    }

    /// Whether the message is invalid and so rejected. Any other reason needs an operator.
    pub fn is_rejection(&self) -> bool {
        match self {
            Self::NotJson(_)
            | Self::NotAJob(_)
            | Self::UnknownOperation(_)
            | Self::InvalidRequest(_)
            | Self::TooLarge { .. }
            | Self::RoutingKeyDisagrees { .. }
            | Self::UnknownAccount(_) => true,
            Self::NoAccount(_)
            | Self::Conflict
            | Self::DeliveredTooOften(_)
            | Self::TooManyAttempts { .. }
            | Self::WiderThanLimit { .. } => false,
        }
    }

    /// The fact for a queued job that has a record and cannot be done.
    pub fn fact(&self) -> Fact {
        match self.is_rejection() {
            true => Fact::Refused { error: self.problem() },
            false => Fact::GivenUp { why: self.to_string() },
        }
    }

    fn field(&self) -> Option<&str> {
        match self {
            Self::NotAJob(fault) | Self::InvalidRequest(fault) | Self::UnknownAccount(fault) => {
                fault.field.as_deref()
            }
            Self::UnknownOperation(_) => Some("operation"),
            Self::WiderThanLimit { .. } => Some("n"),
            Self::NotJson(_)
            | Self::TooLarge { .. }
            | Self::RoutingKeyDisagrees { .. }
            | Self::NoAccount(_)
            | Self::Conflict
            | Self::DeliveredTooOften(_)
            | Self::TooManyAttempts { .. } => None,
        }
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::NotJson(_) => {
                "publish one JSON object, in UTF-8 and not compressed, as the schema job.v1.json says"
            }
            Self::NotAJob(_) => {
                "correct the message by the schema job.v1.json; its id is free for that"
            }
            Self::UnknownOperation(_) => "use an operation that the provider documents",
            Self::InvalidRequest(_) => "correct the request; its id is free for that",
            Self::TooLarge { .. } => "send files by URL",
            Self::RoutingKeyDisagrees { .. } => {
                "publish under the operation with `/` as `.`, then the priority"
            }
            Self::UnknownAccount(_) => {
                "name an account that its tenant may use, or none; its id is free for that"
            }
            Self::NoAccount(_) => "leave an account to all tenants and run `reelwork dead replay`",
            Self::Conflict => "give the other request an id of its own",
            Self::DeliveredTooOften(_) | Self::TooManyAttempts { .. } => {
                "a person must decide: see `reelwork why` and `reelwork dead`"
            }
            Self::WiderThanLimit { .. } => {
                "raise limits.images and run `reelwork dead replay`, or ask for a lower n"
            }
        }
    }

    /// The problem that an event reports.
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.word(), self.to_string()).advice(self.advice());
        problem.field = self.field().map(str::to_owned);
        problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_word_in_the_list() {
        let (fault, text) = (|| Fault::of("a", "b"), || "x".to_owned());
        let reasons = [
            Reason::NotJson(text()),
            Reason::NotAJob(fault()),
            Reason::UnknownOperation(text()),
            Reason::InvalidRequest(fault()),
            Reason::TooLarge { bytes: 1 },
            Reason::RoutingKeyDisagrees { key: text(), expected: text() },
            Reason::UnknownAccount(fault()),
            Reason::NoAccount(text()),
            Reason::Conflict,
            Reason::DeliveredTooOften(1),
            Reason::TooManyAttempts { attempts: 1, cause: text() },
            Reason::WiderThanLimit { slots: 2, limit: 1 },
        ];
        assert_eq!(reasons.each_ref().map(Reason::word), Reason::WORDS);
    }
}
