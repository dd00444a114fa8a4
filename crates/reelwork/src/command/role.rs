use std::path::PathBuf;

use daemon::admin::Admin;
use daemon::{Config, ExitCode, SecretString, Shutdown};

use crate::backends::Backends;
use crate::error::Error;
use crate::health;
use crate::measure::Measure;
use crate::notice::Notice;
use crate::output::Output;
use crate::provider;
use crate::roles::{Roles, Which};

/// Runs one role until a signal stops it.
pub(crate) async fn run(config: Config, which: Which, output: &Output) -> Result<ExitCode, Error> {
    let key = config.kling.require_api_key()?.clone();
    serve(&config, key, which, output).await
}

/// Receives callbacks until a signal stops it.
pub(crate) async fn gateway(config: Config, output: &Output) -> Result<ExitCode, Error> {
    let shutdown = Shutdown::on_signals()?;
    let measure = Measure::of(&config, "gateway");
    let backends = measure.backends(Backends::open(&config).await?);
    let roles = Roles::front(&config, &backends).await?;
    let admin = health::admin(&config, &backends, &roles, &measure)?;
    until_stopped(roles, admin, "gateway", &shutdown, output).await
}

/// All roles in one process; with `simulate`, also a simulated provider.
pub(crate) async fn up(
    mut config: Config,
    simulate: bool,
    books: Option<PathBuf>,
    output: &Output,
) -> Result<ExitCode, Error> {
    if !simulate {
        return run(config, Which::Both, output).await;
    }
    let settings = simulator::Settings { speed: SIMULATED_SPEED, ..simulator::Settings::default() };
    // Next to the ledger with its tasks: a second start finds both, or neither.
    let books = books.unwrap_or_else(|| config.embedded.path.with_extension("simulator.jsonl"));
    let listen = ([127, 0, 0, 1], 0).into();
    let simulator = simulator::Simulator::start_with_books(settings, &books, listen).await?;
    config.poll.pace /= SIMULATED_SPEED;
    Notice::Simulated { url: &simulator.url() }.print(output);
    let key = simulated(&mut config, &simulator)?;
    let done = serve(&config, key, Which::Both, output).await;
    simulator.stop().await;
    done
}

/// Tasks of minutes take seconds.
const SIMULATED_SPEED: f64 = 20.0;

/// The simulator accepts any key.
fn simulated(config: &mut Config, simulator: &simulator::Simulator) -> Result<SecretString, Error> {
    config.kling.base_url =
        simulator.url().parse().map_err(|_| Error::Other("the simulator's address".into()))?;
    Ok(SecretString::from("simulated"))
}

async fn serve(
    config: &Config,
    key: SecretString,
    which: Which,
    output: &Output,
) -> Result<ExitCode, Error> {
    let measure = Measure::of(config, which.word());
    let transport = measure.transport(provider::transport(config)?);
    let client = provider::client_over(config, key, transport)?;
    // From here on, a signal starts the drain.
    let shutdown = Shutdown::on_signals()?;
    let backends = measure.backends(Backends::open(config).await?);
    let roles = Roles::start(config, &backends, client, which).await?;
    let admin = health::admin(config, &backends, &roles, &measure)?;
    until_stopped(roles, admin, which.word(), &shutdown, output).await
}

async fn until_stopped(
    roles: Roles,
    admin: Option<Admin>,
    name: &str,
    shutdown: &Shutdown,
    output: &Output,
) -> Result<ExitCode, Error> {
    if let Some(on) = roles.listens_on() {
        Notice::Callbacks { on }.print(output);
    }
    if let Some(admin) = &admin {
        Notice::Health { on: admin.address() }.print(output);
    }
    Notice::Ready { role: name }.print(output);
    shutdown.requested().await;
    admin.iter().for_each(Admin::drains);
    Notice::Draining.print(output);
    roles.drain().await?;
    Ok(ExitCode::Ok)
}
