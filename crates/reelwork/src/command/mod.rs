//! One file per command.

pub(crate) mod config;

mod around;
mod cancel;
mod confirm;
mod costs;
mod dead;
mod doctor;
mod doubt;
mod events;
mod get;
mod health;
mod keys;
mod ledger;
mod lines;
mod list;
mod look_up;
mod member;
mod named;
mod pause;
mod place;
mod probe;
pub(crate) mod reference;
mod retry;
mod role;
mod simulator;
mod stats;
mod submit;
mod topology;
mod uncompared;
mod wait;
mod why;

pub(crate) use self::place::PlaceView;

use self::named::Named;
use crate::cli::Command;
use crate::demo;
use crate::error::Error;
use crate::output::Output;
use crate::roles::Which;
use daemon::{Config, ExitCode, Sources};

pub(crate) async fn run(
    command: Command,
    config: Config,
    sources: &Sources,
    output: &Output,
) -> Result<ExitCode, Error> {
    match command {
        Command::Demo(options) => Box::pin(demo::run(options, config, output)).await,
        Command::Up { simulate, books } => {
            Box::pin(role::up(config, sources, simulate, books, output)).await
        }
        Command::Worker => role::run(config, sources, Which::Worker, output).await,
        Command::Poller => role::run(config, sources, Which::Poller, output).await,
        Command::Gateway => role::gateway(config, sources, output).await,
        Command::Simulator(options) => simulator::run(options, output).await,
        Command::Submit(options) => submit::run(options, &config, output).await,
        Command::Get { id, tenant, strict: _ } => {
            get::run(&config, &Named::parse(&tenant.tenant, &id)?, output).await
        }
        Command::Wait { ids, tenant, timeout } => {
            let keys: Result<Vec<_>, _> =
                ids.iter().map(|id| Named::parse(&tenant.tenant, id)).collect();
            wait::run(&config, keys?, timeout, output).await
        }
        Command::List(options) => list::run(&config, options, output).await,
        Command::Stats { tenants } => stats::run(&config, tenants, output).await,
        Command::Costs(options) => costs::run(&config, options, output).await,
        Command::Cancel(options) => cancel::run(&config, options, output).await,
        Command::Retry(options) => retry::run(&config, options, output).await,
        Command::Pause(options) => pause::run(&config, options, output).await,
        Command::Resume { scope } => pause::resume(&config, &scope, output).await,
        Command::Why { id, tenant } => {
            why::run(&config, &Named::parse(&tenant.tenant, &id)?, output).await
        }
        Command::Events(options) => events::run(options, &config, output).await,
        Command::Dead { action } => dead::run(action, &config, output).await,
        Command::Doubt { action } => doubt::run(action, &config, output).await,
        Command::Topology { action } => topology::run(action, &config, output).await,
        Command::Ledger { action } => ledger::run(action, &config, output).await,
        Command::Keys { action } => keys::run(action, &config, output),
        Command::Config { .. }
        | Command::Operations { .. }
        | Command::Completions { .. }
        | Command::Man { .. } => Ok(ExitCode::Ok),
        #[cfg(feature = "crash-points")]
        Command::CrashPoints => Ok(ExitCode::Ok),
        Command::Health { ready } => health::run(&config, ready, output).await,
        Command::Doctor { probe, yes } => doctor::run(&config, probe, yes, output).await,
    }
}
