//! The commands for operators.

use clap::Subcommand;

use super::tenant::TenantArg;

#[derive(Debug, Subcommand)]
pub(crate) enum Doubt {
    /// Jobs in doubt or parked in doubt, with what is known
    List {
        #[arg(long)]
        tenant: Option<String>,
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// This task of the provider is the job's
    Attach {
        id: String,
        task: String,
        #[command(flatten)]
        tenant: TenantArg,
        /// The account that has the task; by default that of the job
        #[arg(long, value_name = "NAME")]
        account: Option<String>,
        /// Without asking the provider about the task
        #[arg(long)]
        yes: bool,
    },
    /// Submit again under the same external id: may be paid twice where the provider does not
    /// enforce these ids
    Resubmit {
        id: String,
        #[command(flatten)]
        tenant: TenantArg,
        /// Accept that it may be paid twice
        #[arg(long)]
        yes: bool,
    },
    /// End the job as failed
    Fail {
        id: String,
        #[command(flatten)]
        tenant: TenantArg,
        /// What its event says
        #[arg(long, default_value = "in doubt, and given up by a person")]
        why: String,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Topology {
    /// What is expected, and what the broker has
    Show,
    /// Declare what is missing
    Apply,
    /// As a RabbitMQ definitions file
    Export,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Ledger {
    /// Each difference between journal, ledger and provider; 1 if there is one
    Check {
        /// Tasks to ask the provider about; 0 = none
        #[arg(long, default_value_t = 1000)]
        tasks: usize,
    },
    /// Compare all of the journal again, and put back what is missing
    Rebuild,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// What holds, and where each value comes from
    Show,
    /// Every problem at once
    Check,
    /// A commented file with every key
    Example,
}
