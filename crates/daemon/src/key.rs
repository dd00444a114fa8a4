//! One key of the configuration, as messages and the example describe it.

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
    /// The doc comment of the field, with the space in front of it.
    pub(crate) doc: &'static str,
}

/// What holds when nobody sets the key.
#[derive(Debug)]
pub(crate) enum Preset {
    Unset,
    /// As it would be written in a variable.
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
