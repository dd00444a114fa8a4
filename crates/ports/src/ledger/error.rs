/// Why the ledger did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Whether a write happened is unknown; load and look.
    #[error("the ledger is unavailable: {0}")]
    Unavailable(String),
    /// Wrong URL, user or rights: a person must act.
    #[error("the ledger refuses us: {0}")]
    Denied(String),
    /// The owner's lease has ended: nothing was written; join again.
    #[error("the lease has ended")]
    Fenced,
    /// The ledger has begun another generation, or lost its own: nothing was written.
    #[error("the ledger's generation has changed")]
    GenerationChanged,
    /// The request of a record was left apart where it must go along, or is not in the ledger
    /// that should keep it: nothing was written.
    #[error("the request of {key} was left apart and is needed")]
    LeftApart { key: String },
    /// What is stored cannot be read: a person must act.
    #[error("the ledger holds something unreadable under {key}: {cause}")]
    Corrupt { key: String, cause: String },
    /// The store is set up in a way that loses data.
    #[error("the ledger is not safe to use: {0}")]
    Unsafe(String),
}

impl LedgerError {
    /// Waiting does not help, and no other job is concerned.
    pub fn is_of_one_record(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::LeftApart { .. })
    }

    /// One word, for metrics and traces.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Denied(_) => "denied",
            Self::Fenced => "fenced",
            Self::GenerationChanged => "generation_changed",
            Self::LeftApart { .. } => "left_apart",
            Self::Corrupt { .. } => "corrupt",
            Self::Unsafe(_) => "unsafe",
        }
    }
}
