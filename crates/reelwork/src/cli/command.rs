//! The commands.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use clap_complete::Shell;
use job::Operation;

use super::cancel::Cancel;
use super::costs::Costs;
use super::dead::Dead;
use super::demo::{Demo, SimulatorArgs};
use super::keys::Keys;
use super::list::List;
use super::operate::{ConfigAction, Doubt, Ledger, Topology};
use super::pause::{Pause, Scope};
use super::retry::Retry;
use super::submit::{Events, Submit};
use super::tenant::TenantArg;
use super::value::{duration, operation};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run real jobs to their events against a simulated provider, and count
    Demo(Demo),
    /// Every role in one process
    Up {
        /// Start a simulated provider too; no API key needed
        #[arg(long)]
        simulate: bool,
        /// Where that one keeps its tasks and accounts for the next start; beside embedded.path if
        /// not given
        #[arg(long, value_name = "FILE", requires = "simulate")]
        books: Option<PathBuf>,
    },
    /// Submit jobs (run as many as you like)
    Worker,
    /// Follow tasks and announce outcomes (run as many as you like)
    Poller,
    /// Receive callbacks (needs gateway.callback_secrets) and serve clients (needs gateway.kling_api)
    Gateway,
    /// A stand-in for the provider that keeps accounts
    Simulator(SimulatorArgs),
    /// Publish jobs
    Submit(Submit),
    /// The status of a job
    Get {
        id: String,
        #[command(flatten)]
        tenant: TenantArg,
        /// Exit 4 when no worker has recorded the job, which is always so
        #[arg(long, hide = true)]
        strict: bool,
    },
    /// Wait until jobs have ended
    Wait {
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        tenant: TenantArg,
        /// Give up after this (exit 5, or 4 when no worker has recorded any of them), such as 90s or 10m
        #[arg(long, value_parser = duration)]
        timeout: Option<Duration>,
    },
    /// Jobs that the ledger knows, newest first
    List(List),
    /// Slots in use and jobs that wait, by pool and tenant
    Stats {
        /// Tenants of each pool to show, those with most waiting jobs first
        #[arg(long, default_value_t = 20)]
        tenants: usize,
    },
    /// What was spent, reserved and refused, by tenant and model (needs money.enabled)
    Costs(Costs),
    /// Cancel jobs that have not been submitted yet
    Cancel(Cancel),
    /// Have jobs that failed, were rejected or timed out done again: each is paid for again
    Retry(Retry),
    /// Stop submissions until they are resumed; without a scope: list what is paused
    Pause(Pause),
    /// Submit again what was paused
    Resume {
        #[command(flatten)]
        scope: Scope,
    },
    /// A job's timeline, and why it is where it is now
    Why {
        id: String,
        #[command(flatten)]
        tenant: TenantArg,
    },
    /// Follow results
    Events(Events),
    /// Messages that could not be done
    Dead {
        #[command(subcommand)]
        action: Dead,
    },
    /// Submissions whose fate is not known
    Doubt {
        #[command(subcommand)]
        action: Doubt,
    },
    /// What is declared on the broker
    Topology {
        #[command(subcommand)]
        action: Topology,
    },
    /// What the ledger holds, compared with the journal and the provider
    Ledger {
        #[command(subcommand)]
        action: Ledger,
    },
    /// Keys of the gateway's clients (gateway.keys_file)
    Keys {
        #[command(subcommand)]
        action: Keys,
    },
    /// The configuration
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Ask a running role on this host whether it is alive (admin.listen)
    Health {
        /// Whether it can do its work, and if not, why
        #[arg(long)]
        ready: bool,
    },
    /// The provider's operations and the fields of their requests
    Operations {
        #[arg(value_parser = operation)]
        operation: Option<Operation>,
    },
    /// Completions for a shell, on stdout
    Completions { shell: Shell },
    /// Write the pages of the manual into a directory
    Man { directory: PathBuf },
    /// Check that everything needed is there
    Doctor {
        /// Find out what the provider supports, with one cheap paid task
        #[arg(long)]
        probe: bool,
        /// Agree to pay for it
        #[arg(long, requires = "probe")]
        yes: bool,
    },
    /// Where this program can be told to die
    #[cfg(feature = "crash-points")]
    #[command(hide = true)]
    CrashPoints,
}

impl Command {
    /// Runs until a signal stops it, and logs what it does.
    pub(crate) fn is_role(&self) -> bool {
        matches!(
            self,
            Self::Up { .. } | Self::Worker | Self::Poller | Self::Gateway | Self::Simulator(_)
        )
    }

    /// Sends requests to the real provider.
    pub(crate) fn needs_the_key(&self) -> bool {
        match self {
            Self::Up { simulate, .. } => !simulate,
            Self::Worker | Self::Poller | Self::Doctor { .. } => true,
            Self::Doubt { action } => matches!(action, Doubt::Attach { yes: false, .. }),
            Self::Ledger { action } => matches!(action, Ledger::Check { tasks: 1.. }),
            _ => false,
        }
    }

    /// The name of a role in traces; other commands have none.
    pub(crate) fn service(&self) -> Option<&'static str> {
        match self {
            Self::Up { .. } | Self::Demo(_) => Some("reelwork"),
            Self::Worker => Some("reelwork-worker"),
            Self::Poller => Some("reelwork-poller"),
            Self::Gateway => Some("reelwork-gateway"),
            _ => None,
        }
    }
}
