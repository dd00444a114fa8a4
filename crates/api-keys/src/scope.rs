use std::fmt;

use serde::{Deserialize, Serialize};

/// What a key allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Submit jobs, which are paid for.
    Submit,
    /// Read and list jobs.
    Read,
    /// Cancel jobs.
    Cancel,
    /// See the jobs of all tenants, and the queue, in the console.
    View,
    /// Act in the console on the jobs of all tenants, with retries that are paid for.
    Operate,
}

impl Scope {
    pub const ALL: [Self; 5] = [Self::Submit, Self::Read, Self::Cancel, Self::View, Self::Operate];

    /// Those that reach only the jobs of the key's tenant.
    pub const OF_TENANT: [Self; 3] = [Self::Submit, Self::Read, Self::Cancel];

    pub fn word(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Read => "read",
            Self::Cancel => "cancel",
            Self::View => "view",
            Self::Operate => "operate",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
