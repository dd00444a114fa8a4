//! The values in effect and their sources: the rows of `config show`.

use serde::Serialize;

use crate::sources::Source;

/// One key with its value in effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effective {
    pub key: &'static str,
    /// Without secrets; `None` when unset.
    pub value: Option<String>,
    pub source: Source,
}
