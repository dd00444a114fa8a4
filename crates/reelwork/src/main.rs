//! The program: the command line, and the code that connects the crates.

mod backends;
mod by_hand;
mod cli;
mod client_keys;
mod command;
#[cfg_attr(not(feature = "crash-points"), path = "crash/off.rs")]
mod crash;
mod demo;
mod doubted;
mod error;
mod health;
mod journal_age;
mod key_watch;
mod measure;
mod notice;
mod output;
mod price_file;
mod provider;
mod refused;
mod roles;
mod settings;
mod view;

use clap::Parser;
use daemon::traces::{Service, Traces};
use daemon::{Config, ExitCode, LogFormat, Source, Sources};

use crate::cli::{Backend, Cli, Command};
use crate::error::Error;
use crate::notice::Notice;
use crate::output::{Output, Stderr};

/// The system's allocator used a third of a worker's time: many short-lived futures and messages of
/// a few hundred bytes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    let mut output = Output::new(cli.json);
    // One TLS provider for every client in the process; a second installation is harmless.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match start(cli, &mut output) {
        Ok(code) => code,
        Err(error) => {
            output.fail(&error);
            error.exit_code()
        }
    }
}

/// For a command line that cannot be understood, or that asks for help.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || !cli::wants_json(std::env::args_os()) {
        error.exit();
    }
    let error = Error::Usage(cli::reason(error));
    Output::new(true).fail(&error);
    error.exit_code()
}

fn start(cli: Cli, output: &mut Output) -> Result<ExitCode, Error> {
    let sources = Sources::of_process(cli.config.clone(), cli.overrides());
    match &cli.command {
        Command::Config { action } => return command::config::run(action, &sources, output),
        Command::Operations { operation } => {
            return Ok(command::reference::operations(operation.as_ref(), output));
        }
        Command::Completions { shell } => {
            return Ok(command::reference::completions(*shell, output));
        }
        Command::Man { directory } => return command::reference::manual(directory),
        _ => {}
    }
    #[cfg(feature = "crash-points")]
    if matches!(cli.command, Command::CrashPoints) {
        crash::list(output);
        return Ok(ExitCode::Ok);
    }
    let CommandConfig { config, borrowed_key } = load(&cli.command, sources.clone())?;
    let traces = traces(&cli.command, &config);
    daemon::logs::init(&config.telemetry, traces.as_ref().ok().and_then(Option::as_ref));
    // Not for `auto`: scripts wait for these lines in their plain form.
    if cli.command.is_role() && config.telemetry.log_format == LogFormat::Json {
        output.set_stderr(Stderr::Log);
    }
    let traces = traces?;
    if borrowed_key {
        Notice::BorrowedKey.print(output);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let done = command::run(cli.command, config, &sources, output).await;
        backends::close().await;
        done
    });
    // A blocked reader (stdin, a file) must not keep the process running.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    if let Some(traces) = traces {
        traces.flush();
    }
    done
}

/// The export of traces, if one is configured.
fn traces(command: &Command, config: &Config) -> Result<Option<Traces>, Error> {
    let Some(name) = command.service() else {
        return Ok(None);
    };
    let service =
        Service { name, namespace: &config.ledger.namespace, version: env!("CARGO_PKG_VERSION") };
    Traces::start(&service, &config.telemetry).map_err(Error::Denied)
}

/// The configuration for a command.
struct CommandConfig {
    config: Config,
    /// Whether the key comes from COMETAPI_KEY, the variable of the provider's documents.
    borrowed_key: bool,
}

fn load(command: &Command, mut sources: Sources) -> Result<CommandConfig, Error> {
    let mut loaded = Config::load(&sources)?;
    let borrowed = Source::Environment(daemon::COMETAPI_KEY.to_owned());
    let borrowed_key =
        command.needs_the_key() && loaded.effective.iter().any(|row| row.source == borrowed);
    if wants_local_services(command) && loaded.config.broker.url.is_embedded() {
        for (key, url) in LOCAL_SERVICES {
            sources.overrides.push((key.to_owned(), url.to_owned()));
        }
        loaded = Config::load(&sources)?;
    }
    // A command that is run for its result logs only warnings, unless the filter is set.
    let is_set = loaded
        .effective
        .iter()
        .any(|row| row.key == "telemetry.log" && row.source != Source::Default);
    let log = &mut loaded.config.telemetry.log;
    if !is_set {
        let level = if command.is_role() { "info" } else { "warn" };
        level.clone_into(log);
    }
    if !names(log, "lapin") {
        log.push_str(",lapin=off");
    }
    Ok(CommandConfig { config: loaded.config, borrowed_key })
}

/// Whether a filter of the log has a directive for this crate. Without one, lapin is not logged: the
/// broker's crate handles its errors and logs them itself.
fn names(filter: &str, target: &str) -> bool {
    filter.split(',').any(|directive| directive.trim().starts_with(target))
}

/// A demo on services uses the standard local ports unless others are configured.
fn wants_local_services(command: &Command) -> bool {
    matches!(command, Command::Demo(demo) if demo.backend == Backend::Rabbitmq)
}

const LOCAL_SERVICES: [(&str, &str); 2] =
    [("broker.url", "amqp://guest:guest@127.0.0.1:5672"), ("ledger.url", "redis://127.0.0.1:6379")];

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_filter_names_a_crate_in_a_directive_of_its_own() {
        for filter in ["lapin=warn", "info, lapin=error", "info,lapin::io_loop=debug"] {
            assert!(names(filter, "lapin"), "{filter}");
        }
        for filter in ["info", "debug,broker_rabbitmq=trace", "info,[lapin]=debug"] {
            assert!(!names(filter, "lapin"), "{filter}");
        }
    }
}
