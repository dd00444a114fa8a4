//! Which dead letters an operator means.

use std::collections::HashSet;

use job::{Operation, Tenant, Timestamp};

use crate::Letter;

/// Letters by what is known of each; all by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Words of [`Letter::reason`]; empty: any.
    pub reasons: Vec<String>,
    pub tenant: Option<Tenant>,
    pub operation: Option<Operation>,
    /// Dead-lettered before this moment. Letters that do not tell when they were are left out.
    pub before: Option<Timestamp>,
}

impl LetterFilter {
    pub fn takes(&self, letter: &Letter) -> bool {
        let is_reason = |word: &String| word == letter.reason();
        (self.reasons.is_empty() || self.reasons.iter().any(is_reason))
            && self.tenant.as_ref().is_none_or(|tenant| *tenant == letter.tenant())
            && (self.operation.is_none() || self.operation == letter.operation())
            && self.before.is_none_or(|before| letter.dead_at().is_some_and(|at| at < before))
    }
}

/// Letters by name, or by what is known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterSelection {
    /// Names of letters, ids of messages, or jobs by id or by tenant and id.
    Named(HashSet<String>),
    Filtered(LetterFilter),
}

impl LetterSelection {
    pub fn takes(&self, letter: &Letter) -> bool {
        match self {
            Self::Named(names) => letter.names().any(|name| names.contains(&name)),
            Self::Filtered(filter) => filter.takes(letter),
        }
    }
}

impl Letter {
    /// All names by which it can be selected.
    pub fn names(&self) -> impl Iterator<Item = String> + use<> {
        let message = Some(self.delivery.message.id.clone()).filter(|id| !id.is_empty());
        let of_job = self.key().map(|key| [key.id.to_string(), key.to_string()]);
        [self.name.clone()].into_iter().chain(message).chain(of_job.into_iter().flatten())
    }
}
