//! One key of the configuration, for messages and for the example.

use crate::kind::Kind;

#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) section: &'static str,
    /// The name within its section.
    pub(crate) leaf: &'static str,
    /// Section and name, such as `kling.timeout`.
    pub(crate) name: &'static str,
    pub(crate) kind: &'static dyn Kind,
    pub(crate) default: Preset,
    /// The doc comment of the field, with the space before it.
    pub(crate) doc: &'static str,
}

/// The value of a key that is not set.
#[derive(Debug)]
pub(crate) enum Preset {
    Unset,
    /// In the form of a variable's value.
    Text(&'static str),
    /// `reelwork/reelwork.db` in the user's data directory.
    DataFile,
}

impl Key {
    /// `REELWORK_SECTION__KEY`.
    pub(crate) fn variable(&self) -> String {
        format!("REELWORK_{}__{}", self.section, self.leaf).to_uppercase()
    }

    /// One line.
    pub(crate) fn meaning(&self) -> &'static str {
        self.doc.trim_start()
    }
}
