/// How far a job may have come by a message: what a ledger that has forgotten it must assume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    #[default]
    Nothing,
    /// A record of it may have been made.
    Ledger,
    /// It may have been sent.
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

    /// What cannot be read may mean anything.
    pub fn of_word(word: Option<&str>) -> Self {
        match word {
            None | Some("nothing") => Self::Nothing,
            Some("ledger") => Self::Ledger,
            Some(_) => Self::Provider,
        }
    }
}
