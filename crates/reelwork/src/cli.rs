//! The command line.

mod cancel;
mod command;
mod costs;
mod dead;
mod demo;
mod keys;
mod list;
mod operate;
mod pause;
mod refused;
mod retry;
mod selected;
mod submit;
mod tenant;
mod value;

use std::path::PathBuf;

use clap::Parser;

pub(crate) use self::cancel::Cancel;
pub(crate) use self::command::Command;
pub(crate) use self::costs::Costs;
pub(crate) use self::dead::{Dead, Edit, Which};
pub(crate) use self::demo::{Backend, Demo, Sabotage, SimulatorArgs};
pub(crate) use self::keys::{Keys, NewKey};
pub(crate) use self::list::List;
pub(crate) use self::operate::{ConfigAction, Doubt, Ledger, Topology};
pub(crate) use self::pause::{Pause, Scope};
pub(crate) use self::refused::{reason, wants_json};
pub(crate) use self::retry::{ENDED, Retry};
pub(crate) use self::selected::ago;
pub(crate) use self::submit::{Events, Submit};

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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
