use std::time::Duration;

/// How one connection is opened and used.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// One request and its answer on an open connection.
    pub(crate) answer: Duration,
    /// A channel that is not closed within this costs its connection.
    pub(crate) close: Duration,
}
