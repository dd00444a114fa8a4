use std::net::TcpListener;
use std::path::PathBuf;

use daemon::admin::Admin;
use daemon::{Config, ExitCode, KeyFile, SecretString, Shutdown, Sources};
use kling::Client;
use tokio::task::JoinHandle;

use crate::backends::Backends;
use crate::error::Error;
use crate::health;
use crate::key_watch::KeyWatch;
use crate::measure::Measure;
use crate::notice::Notice;
use crate::output::Output;
use crate::provider;
use crate::roles::{Roles, Which};

/// Runs one role until a signal stops it.
pub(crate) async fn run(
    config: Config,
    sources: &Sources,
    which: Which,
    output: &Output,
) -> Result<ExitCode, Error> {
    let accounts = config.accounts();
    let keyed = accounts.into_iter().map(|account| KeyedAccount::of(account, sources));
    serve(&config, sources, keyed.collect::<Result<_, _>>()?, which, output).await
}

/// An account's configuration and key.
struct KeyedAccount {
    config: Config,
    key: SecretString,
    /// `None`: the key stays as it is.
    key_file: Option<KeyFile>,
}

impl KeyedAccount {
    fn of(config: Config, sources: &Sources) -> Result<Self, Error> {
        let key = config.kling.require_api_key()?;
        let key_file = KeyFile::of_account(sources, &config.kling.account);
        Ok(Self { config, key, key_file })
    }
}

/// Receives callbacks and clients' requests until a signal stops it.
pub(crate) async fn gateway(
    config: Config,
    sources: &Sources,
    output: &Output,
) -> Result<ExitCode, Error> {
    let shutdown = Shutdown::on_signals()?;
    let measure = Measure::of(&config, "gateway");
    let backends = measure.backends(Backends::open(&config).await?);
    let roles = Roles::front(&config, sources, &backends, &|calls| measure.webhooks(calls)).await?;
    let admin = health::admin(&config, &backends, &roles, &measure)?;
    until_stopped(roles, admin, "gateway", &shutdown, output).await
}

/// All roles in one process; with `simulate`, also a simulated provider.
pub(crate) async fn up(
    mut config: Config,
    sources: &Sources,
    simulate: bool,
    books: Option<PathBuf>,
    output: &Output,
) -> Result<ExitCode, Error> {
    if !simulate {
        return run(config, sources, Which::Both, output).await;
    }
    let settings = simulator::Settings { speed: SIMULATED_SPEED, ..simulator::Settings::default() };
    // Next to the ledger with its tasks: a second start finds both, or neither.
    let books = books.unwrap_or_else(|| config.embedded.path.with_extension("simulator.jsonl"));
    let listen = ([127, 0, 0, 1], 0).into();
    let simulator = simulator::Simulator::start_with_books(settings, &books, listen).await?;
    config.poll.pace /= SIMULATED_SPEED;
    // No request of another account may reach its provider.
    config = config.of_first_account();
    serve_clients(&mut config, output);
    Notice::Simulated { url: &simulator.url() }.print(output);
    let key = simulated(&mut config, &simulator)?;
    let simulated = KeyedAccount { config: config.clone(), key, key_file: None };
    let done = serve(&config, sources, vec![simulated], Which::Both, output).await;
    simulator.stop().await;
    done
}

/// Nothing costs money here, so clients of this machine are served unless another process has the
/// address.
fn serve_clients(config: &mut Config, output: &Output) {
    let on = config.gateway.listen;
    let may = config.gateway.is_private() || config.gateway.keys_file.is_some();
    let serves = may && TcpListener::bind(on).is_ok();
    (config.gateway.kling_api, config.gateway.jobs_api) = (serves, serves);
    config.gateway.console = serves;
    if may && !serves {
        Notice::NoKlingApi { on }.print(output);
    }
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
    sources: &Sources,
    accounts: Vec<KeyedAccount>,
    which: Which,
    output: &Output,
) -> Result<ExitCode, Error> {
    let measure = Measure::of(config, which.word());
    let transport = measure.transport(provider::transport(config)?);
    let client = |account: &KeyedAccount| {
        provider::client_over(&account.config, account.key.clone(), transport.clone())
    };
    let clients: Vec<Client> = accounts.iter().map(client).collect::<Result<_, _>>()?;
    // From here on, a signal starts the drain.
    let shutdown = Shutdown::on_signals()?;
    let backends = measure.backends(Backends::open(config).await?);
    let watches = accounts.into_iter().zip(&clients).filter_map(|(account, client)| {
        let (key, ledger) = (client.api_key(), backends.ledger.clone());
        let file = account.key_file?;
        Some(KeyWatch { file, key, ledger, account: account.config.kling.account })
    });
    let watches: Vec<KeyWatch> = watches.collect();
    let watched = |calls| measure.webhooks(calls);
    let roles = Roles::start(config, sources, &backends, clients, which, &watched).await?;
    let admin = health::admin(config, &backends, &roles, &measure)?;
    let watches: Vec<_> = watches.into_iter().map(|watch| tokio::spawn(watch.run())).collect();
    let done = until_stopped(roles, admin, which.word(), &shutdown, output).await;
    watches.iter().for_each(JoinHandle::abort);
    done
}

async fn until_stopped(
    roles: Roles,
    admin: Option<Admin>,
    name: &str,
    shutdown: &Shutdown,
    output: &Output,
) -> Result<ExitCode, Error> {
    if let Some(on) = roles.callbacks_on() {
        Notice::Callbacks { on }.print(output);
    }
    if let Some((on, apis)) = roles.clients_on() {
        let served = [
            apis.kling.then_some(Notice::KlingApi { on }),
            apis.own.then_some(Notice::OwnApi { on }),
        ];
        served.into_iter().flatten().for_each(|notice| notice.print(output));
    }
    if let Some(on) = roles.console_on() {
        Notice::Console { on }.print(output);
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
