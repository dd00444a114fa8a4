/// How far a job may have come with a message; assumed by a ledger that has lost its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    #[default]
    Nothing,
    /// A record may have been written.
    Ledger,
    /// A request may have been sent to the provider.
    Provider,
}

impl Reached {
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Ledger => "ledger",
            Self::Provider => "provider",
        }
    }

    /// An unknown word counts as the furthest.
    pub fn of_word(word: Option<&str>) -> Self {
        match word {
            None | Some("nothing") => Self::Nothing,
            Some("ledger") => Self::Ledger,
            Some(_) => Self::Provider,
        }
    }
}
