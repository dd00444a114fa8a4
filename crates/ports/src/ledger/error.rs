/// Why a call to the ledger failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It is unknown whether a write happened: load the record.
    #[error("the ledger is unavailable: {0}")]
    Unavailable(String),
    /// Wrong URL, user or rights: an operator must act.
    #[error("the ledger refuses us: {0}")]
    Denied(String),
    /// The owner's lease has ended: nothing was written; join again.
    #[error("the lease has ended")]
    Fenced,
    /// The ledger has begun another generation, or lost it: nothing was written.
    #[error("the ledger's generation has changed")]
    GenerationChanged,
    /// A record came without its request where it is required, or the ledger does not have the
    /// request that it should keep: nothing was written.
    #[error("the request of {key} was left apart and is needed")]
    LeftApart { key: String },
    /// The stored value cannot be read: an operator must act.
    #[error("the ledger holds something unreadable under {key}: {cause}")]
    Corrupt { key: String, cause: String },
    /// The store is set up in a way that loses data.
    #[error("the ledger is not safe to use: {0}")]
    Unsafe(String),
}

impl LedgerError {
    /// Whether only one record is concerned, and waiting does not help.
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
