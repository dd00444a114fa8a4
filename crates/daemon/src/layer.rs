//! The values of one source.

use std::collections::BTreeMap;

use ::config::ValueKind;

use crate::key::Key;
use crate::problem::Problem;
use crate::sources::Source;

/// A value as it was written, and its source.
pub(crate) struct Raw {
    pub(crate) value: ValueKind,
    pub(crate) source: Source,
}

/// All values, and the problems of the source as a whole.
#[derive(Default)]
pub(crate) struct Layer {
    pub(crate) values: BTreeMap<&'static str, Raw>,
    pub(crate) problems: Vec<Problem>,
}

impl Layer {
    pub(crate) fn insert(&mut self, key: &'static Key, value: ValueKind, source: Source) {
        self.values.insert(key.name, Raw { value, source });
    }

    /// Merged by key, because the builder of `config` does not keep the exact source of a value.
    pub(crate) fn over(mut self, below: Self) -> Self {
        let mut merged = below;
        merged.values.append(&mut self.values);
        merged.problems.append(&mut self.problems);
        merged
    }
}
