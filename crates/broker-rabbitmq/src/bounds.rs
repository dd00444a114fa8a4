use std::time::Duration;

/// Time limits for one connection.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// For one request and its response on an open connection.
    pub(crate) answer: Duration,
    /// For closing a channel: after this, its connection is cut.
    pub(crate) close: Duration,
}
