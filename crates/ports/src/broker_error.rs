/// Why a publish or a settlement is not known to have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// No queue is bound for it: the broker has nothing. Repeating does not help.
    #[error("no queue takes messages for {0}")]
    Unroutable(String),
    /// The broker refused it (a full queue): it has nothing. Try later.
    #[error("the broker refused the message: {0}")]
    Refused(String),
    /// We may not publish there: an operator must act. The broker may still have other messages
    /// that were under way: repeat them under the same id.
    #[error("the broker does not let us publish: {0}")]
    Denied(String),
    /// Larger than a message may be. Repeating does not help.
    #[error(
        "{bytes} bytes are more than the {most} a message may have: send a URL instead of inline data"
    )]
    TooLarge { bytes: usize, most: usize },
    /// The connection was lost or slow: the broker may have it. Repeat under the same id.
    #[error("whether the broker has the message is unknown: {0}")]
    Unknown(String),
}

impl PublishError {
    /// One word, for metrics and traces.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unroutable(_) => "unroutable",
            Self::Refused(_) => "refused",
            Self::Denied(_) => "denied",
            Self::TooLarge { .. } => "too_large",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Whether only this message is at fault: the broker still takes others.
    pub fn is_about_message(&self) -> bool {
        match self {
            Self::TooLarge { .. } => true,
            Self::Unroutable(_) | Self::Refused(_) | Self::Denied(_) | Self::Unknown(_) => false,
        }
    }
}

/// Why the broker cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// Try again later.
    #[error("the broker is unavailable: {0}")]
    Unavailable(String),
    /// Wrong URL, user, virtual host or certificate: an operator must act.
    #[error("the broker cannot be used: {0}")]
    Denied(String),
    /// The topology is not the expected one; with the difference.
    #[error("the broker's topology differs: {0}")]
    Differs(String),
}

impl BrokerError {
    /// The text without the kind of error.
    pub fn cause(&self) -> &str {
        match self {
            Self::Unavailable(cause) | Self::Denied(cause) | Self::Differs(cause) => cause,
        }
    }
}
