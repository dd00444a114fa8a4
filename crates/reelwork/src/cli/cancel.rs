//! Which jobs are cancelled.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::selected::Selected;
use super::tenant::TenantArg;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["ids", "file", "all"])))]
pub(crate) struct Cancel {
    #[arg(value_name = "ID", conflicts_with = "Selected")]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) tenant: TenantArg,
    /// Also a job that no worker has recorded: should it come, it is cancelled (otherwise exit 4)
    #[arg(long)]
    pub(crate) ahead: bool,
    /// Jobs whose ids are in this file, one in each line; - reads stdin
    #[arg(long, value_name = "FILE", conflicts_with = "Selected")]
    pub(crate) file: Option<PathBuf>,
    /// All jobs of the tenant that are recorded and not submitted, or those of them that are selected
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) selected: Selected,
    /// Do not ask (for --file and --all)
    #[arg(long)]
    pub(crate) yes: bool,
}
