//! Refusals: Kling's HTTP status, code and message (API reference, error codes).

use std::borrow::Cow;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) http: u16,
    pub(crate) code: u32,
    pub(crate) message: Cow<'static, str>,
    /// The error code in the gateway's own envelope; empty for most of its errors.
    pub(crate) word: &'static str,
    /// In the header `Retry-After`, in seconds.
    pub(crate) retry_after_s: Option<u64>,
}

impl Refusal {
    const fn fixed(http: u16, code: u32, message: &'static str) -> Self {
        Refusal { http, code, message: Cow::Borrowed(message), word: "", retry_after_s: None }
    }

    pub(crate) const NO_KEY: Refusal = Self::fixed(401, 1001, "Authorization is empty");
    pub(crate) const WRONG_KEY: Refusal = Self::fixed(401, 1002, "Authorization is invalid");
    pub(crate) const NO_MONEY: Refusal = Self::fixed(429, 1102, "Account balance not enough");
    pub(crate) const REPEATED: Refusal = Self::fixed(400, 1201, "external_task_id already exists");
    pub(crate) const WRONG_METHOD: Refusal = Self::fixed(404, 1202, "method is invalid");
    pub(crate) const NOT_FOUND: Refusal = Self::fixed(404, 1203, "task not found");
    pub(crate) const TOO_FAST: Refusal = Self::fixed(429, 1302, "too many requests");
    pub(crate) const TOO_MANY: Refusal =
        Self::fixed(429, 1303, "parallel task over resource pack limit");
    pub(crate) const BROKEN: Refusal = Self::fixed(500, 5000, "internal server error");
    pub(crate) const TIMED_OUT: Refusal = Self::fixed(504, 5002, "internal server timeout");
    pub(crate) const NOT_JSON: Refusal =
        Self::fixed(400, 1200, "request body is not a JSON object");
    /// The gateway's own quota answer; Kling has no such code, so all shapes show the gateway's.
    pub(crate) const NO_QUOTA: Refusal = Refusal {
        http: 403,
        code: 0,
        message: Cow::Borrowed("user quota is not enough"),
        word: "insufficient_user_quota",
        retry_after_s: None,
    };

    /// HTTP 400, code 1201: a wrong key or value in the request.
    pub(crate) fn value(message: impl Into<Cow<'static, str>>) -> Self {
        Refusal { http: 400, code: 1201, message: message.into(), word: "", retry_after_s: None }
    }
}
