//! Which jobs are cancelled.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};
use job::Operation;

use super::tenant::TenantArg;
use super::value::{duration, field, operation};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["ids", "file", "all"])))]
pub(crate) struct Cancel {
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) tenant: TenantArg,
    /// Also a job that no worker has recorded: should it come, it is cancelled (otherwise exit 4)
    #[arg(long)]
    pub(crate) ahead: bool,
    /// Jobs whose ids are in this file, one in each line; - reads stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// All jobs of the tenant that are recorded and not submitted, or those of them that are selected
    #[arg(long)]
    pub(crate) all: bool,
    /// The provider's path below /kling/v1/, such as videos/text2video
    #[arg(long, value_parser = operation, conflicts_with_all = ["ids", "file"])]
    pub(crate) operation: Option<Operation>,
    #[arg(long, value_name = "NAME", conflicts_with_all = ["ids", "file"])]
    pub(crate) model: Option<String>,
    /// Recorded no longer ago than this, such as 90s or 2h
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with_all = ["ids", "file"])]
    pub(crate) since: Option<Duration>,
    /// Those with this in their metadata (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = field, conflicts_with_all = ["ids", "file"])]
    pub(crate) metadata: Vec<(String, String)>,
    /// Do not ask (for --file and --all)
    #[arg(long)]
    pub(crate) yes: bool,
}
