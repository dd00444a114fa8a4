//! What was spent.

use clap::Args;

use super::value::{day, month, tenant};

#[derive(Debug, Args)]
pub(crate) struct Costs {
    /// This UTC day, such as 2026-12-01; today and this month if neither is given
    #[arg(long, value_name = "DATE", value_parser = day, conflicts_with = "month")]
    pub(crate) day: Option<job::Period>,
    /// This UTC month, such as 2026-12
    #[arg(long, value_name = "MONTH", value_parser = month)]
    pub(crate) month: Option<job::Period>,
    /// Only this account; all that are configured if not given
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// Only this tenant
    #[arg(long, value_parser = tenant)]
    pub(crate) tenant: Option<job::Tenant>,
    /// Only this model
    #[arg(long)]
    pub(crate) model: Option<String>,
}
