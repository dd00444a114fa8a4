//! What runs against a simulated provider.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
