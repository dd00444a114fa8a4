use std::fmt::Display;

/// What is left to do when a task fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// End with this code: what failed has said why.
    Ended(u8),
    /// Tell the person: it could not be done.
    Stuck(String),
}

impl Failure {
    pub(crate) fn stuck(what: impl Display, why: impl Display) -> Self {
        Self::Stuck(format!("{what}: {why}"))
    }
}
