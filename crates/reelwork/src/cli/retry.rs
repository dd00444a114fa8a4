//! Which jobs are done again.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args};
use job::StateKind;

use super::selected::Selected;
use super::tenant::TenantArg;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["ids", "file", "all"])))]
pub(crate) struct Retry {
    #[arg(value_name = "ID", conflicts_with_all = ["Selected", "states", "error"])]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) tenant: TenantArg,
    /// Jobs whose ids are in this file, one in each line; - reads stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["Selected", "states", "error"])]
    pub(crate) file: Option<PathBuf>,
    /// All jobs of the tenant that failed, were rejected or timed out, or those of them that are
    /// selected
    #[arg(long)]
    pub(crate) all: bool,
    /// Only those that ended so (repeatable)
    #[arg(long = "state", value_name = "STATE", value_parser = ended())]
    pub(crate) states: Vec<StateKind>,
    /// Those that ended with an error of this kind, such as moderation (error.kind of their event)
    #[arg(long, value_name = "KIND")]
    pub(crate) error: Option<String>,
    #[command(flatten)]
    pub(crate) selected: Selected,
    /// Say what would be done, and what it is estimated to cost
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Agree to pay for them
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Of jobs that may be retried.
pub(crate) const ENDED: [StateKind; 3] =
    [StateKind::Failed, StateKind::Rejected, StateKind::TimedOut];

fn ended() -> impl TypedValueParser<Value = StateKind> {
    let words = ENDED.map(StateKind::word);
    PossibleValuesParser::new(words).try_map(|word| StateKind::parse(&word).ok_or("no such state"))
}
