//! What went wrong, by what the caller must do next.

use std::time::Duration;

/// What the caller must do about a POST that did not end in a task id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The provider is full (1302, 1303, saturation 429): later, the attempt is not counted.
    #[error("the provider is busy{}: {message}", said(.code))]
    Busy { code: Option<i64>, message: String, retry_after: Option<Duration> },
    /// The connection or TLS failed before any byte of the request: safe to send again.
    #[error("not sent: {cause}")]
    NotSent { cause: String },
    /// The API key, the balance or the list of allowed addresses, by an error number of the
    /// provider (1000-1004, 1100-1102, 1304) or by a message about money: pause the account.
    #[error("the account cannot submit{}: {message}", said(.code))]
    Account { code: Option<i64>, message: String },
    /// The provider will not accept this request unless it is changed: the response has a known
    /// error number about the request, or a code that the operator configured.
    #[error("refused with HTTP {http_status}{}: {message} ({advice})", said(.code))]
    Refused {
        code: Option<i64>,
        http_status: u16,
        message: String,
        /// What to change.
        advice: String,
        class: RefusalClass,
        /// The refusal may be a repeat of our own external id: look it up before giving up.
        may_be_repeat: bool,
    },
    /// A proxy or gateway refused the request, without one of Kling's error numbers. Nothing was
    /// created, and it is not known whether this request is the cause.
    #[error("refused on the way with HTTP {http_status}: {message}")]
    Path { http_status: u16, message: String, may_be_repeat: bool },
    /// In doubt: the request may have been accepted. Never send again before looking.
    #[error("outcome unknown: {cause}")]
    Unknown { cause: String },
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalClass {
    /// 1103.
    Permission,
    /// 1200 to 1203, and codes that the operator configured.
    BadRequest,
    /// 1300 and 1301: the content is not allowed.
    Policy,
}

/// What the caller must do about a GET that did not show a task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The provider denies this id (1203, `task_not_exist`, a JSON 404).
    #[error("no such task: {message}")]
    NotFound { message: String },
    /// Too many requests: ask again later.
    #[error("the provider is busy{}: {message}", said(.code))]
    Busy { code: Option<i64>, message: String, retry_after: Option<Duration> },
    /// The API key, the balance or the list of allowed addresses, by a known error number or by a
    /// message about money: pause the account.
    #[error("the account cannot ask{}: {message}", said(.code))]
    Account { code: Option<i64>, message: String },
    /// A transport error, a 5xx, a refusal without a known number, or a page instead of a response.
    /// Says nothing about the task.
    #[error("no answer: {cause}")]
    Later { cause: String },
    /// Valid JSON with unknown content. Says nothing about the task.
    #[error("unreadable answer: {cause}")]
    Unreadable { cause: String },
}

/// A callback body that shows no task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unreadable callback: {cause}")]
pub struct CallbackError {
    pub cause: String,
}

/// Why a task failed at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The content was refused.
    Moderation,
    /// The input cannot be used.
    Input,
    /// The generation itself went wrong; the same request may pass next time.
    Generation,
}

fn said(code: &Option<i64>) -> String {
    code.map(|code| format!(" (code {code})")).unwrap_or_default()
}
