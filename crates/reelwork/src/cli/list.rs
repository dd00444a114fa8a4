//! Which jobs are listed.

use std::time::Duration;

use clap::Args;
use job::{StateKind, Tenant};

use super::selected::Selected;
use super::value::{duration, states, tenant};

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those that are so (repeatable)
    #[arg(long = "state", value_name = "STATE", value_parser = states())]
    pub(crate) states: Vec<StateKind>,
    #[arg(long, value_parser = tenant)]
    pub(crate) tenant: Option<Tenant>,
    #[command(flatten)]
    pub(crate) selected: Selected,
    /// Recorded longer ago than this
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "after")]
    pub(crate) older_than: Option<Duration>,
    /// Those that ended with an error of this kind, such as moderation (error.kind of their event)
    #[arg(long, value_name = "KIND")]
    pub(crate) error: Option<String>,
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
    /// Go on after this job, the last one of a list before: its id, or TENANT/ID without --tenant
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<String>,
}
