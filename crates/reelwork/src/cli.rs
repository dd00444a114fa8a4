//! The command line, as people see it.

mod operate;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use operate::{ConfigAction, Dead, Doubt, Ledger, Topology, Which};

/// Queue-backed distributed worker for Kling: never lose a job, never pay twice.
#[derive(Debug, Parser)]
#[command(name = "reelwork", version, arg_required_else_help = true)]
#[command(after_help = "Examples:
  reelwork demo                                     everything in one process, no service needed
  reelwork up --simulate                            all roles on one SQLite file, simulated provider
  reelwork submit videos/text2video --prompt 'A cat on a beach' --wait
  reelwork submit --file jobs.jsonl --json          one receipt a line
  reelwork why ID                                   what happened to a job, and why it waits

Exit codes: 0 ok, 1 failure, 2 usage, 3 a job ended failed, 4 not found, 5 timed out waiting,
69 broker, Redis or API unavailable, 78 configuration.")]
pub(crate) struct Cli {
    /// Machine-readable output on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// A configuration file; may be given several times, later ones win
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    /// RabbitMQ (amqp://…), or the word embedded
    #[arg(long, global = true, value_name = "URL")]
    broker_url: Option<String>,
    /// Redis (redis://…), or the word embedded
    #[arg(long, global = true, value_name = "URL")]
    ledger_url: Option<String>,
    /// The first word of every name on the broker and in the ledger
    #[arg(long, global = true, value_name = "WORD")]
    namespace: Option<String>,
    /// The SQLite file of the embedded backend
    #[arg(long, global = true, value_name = "FILE")]
    embedded_path: Option<String>,
    /// The provider's address
    #[arg(long, global = true, value_name = "URL")]
    kling_base_url: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Flags as configuration, the layer above the environment.
    pub(crate) fn overrides(&self) -> Vec<(String, String)> {
        let mut overrides = Vec::new();
        let mut put = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                overrides.push((key.to_owned(), value.clone()));
            }
        };
        put("broker.url", &self.broker_url);
        put("ledger.url", &self.ledger_url);
        put("broker.namespace", &self.namespace);
        put("ledger.namespace", &self.namespace);
        put("embedded.path", &self.embedded_path);
        put("kling.base_url", &self.kling_base_url);
        overrides
    }
}

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
    /// Receive callbacks (needs gateway.callback_secrets)
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
    List {
        /// Only those that are so
        #[arg(long, value_parser = states())]
        state: Option<job::StateKind>,
        #[arg(long)]
        tenant: Option<String>,
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Cancel a job that has not been submitted yet
    Cancel {
        id: String,
        #[command(flatten)]
        tenant: TenantArg,
        /// Also a job that no worker has recorded: should it come, it is cancelled (otherwise exit 4)
        #[arg(long)]
        ahead: bool,
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
    /// Runs until it is told to stop, and tells what it does in its log.
    pub(crate) fn is_role(&self) -> bool {
        matches!(
            self,
            Self::Up { .. } | Self::Worker | Self::Poller | Self::Gateway | Self::Simulator(_)
        )
    }

    /// Asks the real provider for something.
    pub(crate) fn needs_the_key(&self) -> bool {
        match self {
            Self::Up { simulate, .. } => !simulate,
            Self::Worker | Self::Poller | Self::Doctor { .. } => true,
            Self::Doubt { action } => matches!(action, Doubt::Attach { yes: false, .. }),
            Self::Ledger { action } => matches!(action, Ledger::Check { tasks: 1.. }),
            _ => false,
        }
    }

    /// What a role is called in traces; other commands have none.
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

#[derive(Debug, Args)]
pub(crate) struct TenantArg {
    #[arg(long, default_value = "default")]
    pub(crate) tenant: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    Embedded,
    Rabbitmq,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sabotage {
    DoublePost,
    DropEvent,
    DropJob,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many jobs; with --prompts the default is one per prompt
    #[arg(long)]
    pub(crate) jobs: Option<usize>,
    /// One prompt a line
    #[arg(long, value_name = "FILE")]
    pub(crate) prompts: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Backend::Embedded)]
    pub(crate) backend: Backend,
    /// Break a promise, to see that the counts tell
    #[arg(long, value_enum, hide = true)]
    pub(crate) sabotage: Option<Sabotage>,
}

#[derive(Debug, Args)]
pub(crate) struct SimulatorArgs {
    #[arg(long, default_value = "127.0.0.1:8090")]
    pub(crate) listen: std::net::SocketAddr,
    /// How much faster than the real provider tasks live
    #[arg(long)]
    pub(crate) speed: Option<f64>,
    /// Keep tasks, external ids and accounts in this file, for the next start
    #[arg(long, value_name = "FILE")]
    pub(crate) books: Option<PathBuf>,
    /// Send callbacks, and only to this host; may be given several times
    #[arg(long = "callback-host", value_name = "HOST")]
    pub(crate) callback_hosts: Vec<String>,
    /// Settings as TOML or JSON; flags win
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// The provider's path below /kling/v1/, such as videos/text2video
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub(crate) operation: Option<String>,
    #[arg(long)]
    pub(crate) prompt: Option<String>,
    /// A field of the request; may be given several times
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = field)]
    pub(crate) set: Vec<(String, String)>,
    /// Jobs as JSON Lines; - reads stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The idempotency key: the same key again is the same job
    #[arg(long, value_name = "KEY", conflicts_with = "file")]
    pub(crate) key: Option<String>,
    #[arg(long, conflicts_with = "file")]
    pub(crate) tenant: Option<String>,
    /// high, normal or low
    #[arg(long, conflicts_with = "file", value_parser = priority)]
    pub(crate) priority: Option<job::Priority>,
    /// Not submitted after this moment (RFC 3339)
    #[arg(long, conflicts_with = "file", value_parser = moment)]
    pub(crate) deadline: Option<job::Timestamp>,
    /// Comes back in events; may be given several times
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "file", value_parser = field)]
    pub(crate) metadata: Vec<(String, String)>,
    /// Further paid attempts, should the task end failed
    #[arg(long, default_value_t = 0, conflicts_with = "file")]
    pub(crate) retries: u32,
    /// Wait until the jobs have ended
    #[arg(long)]
    pub(crate) wait: bool,
    /// With --wait: give up after this (exit 5)
    #[arg(long, value_parser = duration, requires = "wait")]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// A subscription that is kept while nobody listens
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Which results: a topic pattern such as videos.*.succeeded
    #[arg(long, default_value = "#")]
    pub(crate) binding: String,
    /// First what was announced in so long a time before now, from the journal
    #[arg(long, value_parser = duration)]
    pub(crate) since: Option<Duration>,
    /// Stop after this many
    #[arg(long)]
    pub(crate) count: Option<u64>,
    /// Stop when nothing came for this long
    #[arg(long, value_parser = duration)]
    pub(crate) idle: Option<Duration>,
}

/// What a state is told by.
fn states() -> impl TypedValueParser<Value = job::StateKind> {
    let words = job::StateKind::ALL.map(job::StateKind::word);
    PossibleValuesParser::new(words).try_map(|word| job::StateKind::parse(&word).ok_or("no state"))
}

fn field(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected FIELD=VALUE".to_owned()),
    }
}

fn priority(text: &str) -> Result<job::Priority, String> {
    job::Priority::parse(text).ok_or_else(|| "expected high, normal or low".to_owned())
}

fn moment(text: &str) -> Result<job::Timestamp, String> {
    job::Timestamp::parse(text).ok_or_else(|| format!("expected {}", job::Timestamp::FORM))
}

/// `500ms`, `90s`, `10m`, `2h`, or seconds without a unit.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().map_err(|_| "expected a duration such as 90s".to_owned())?;
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        other => return Err(format!("unknown unit \"{other}\": use ms, s, m or h")),
    };
    Duration::try_from_secs_f64(number * unit).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_carry_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("soon").is_err());
        assert!(duration("5d").is_err());
        assert!(duration("-1s").is_err());
    }
}
