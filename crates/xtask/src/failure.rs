use std::fmt::Display;

/// What to do when a task fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// End with this code: the reason was already printed.
    Ended(u8),
    /// Print this reason.
    Stuck(String),
}

impl Failure {
    pub(crate) fn stuck(what: impl Display, why: impl Display) -> Self {
        Self::Stuck(format!("{what}: {why}"))
    }
}
