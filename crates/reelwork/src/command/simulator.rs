use std::path::Path;

use daemon::{ExitCode, Shutdown};
use simulator::{Settings, Simulator};

use crate::cli::SimulatorArgs;
use crate::error::Error;
use crate::output::Output;

pub(crate) async fn run(options: SimulatorArgs, output: &Output) -> Result<ExitCode, Error> {
    let mut settings = match &options.settings {
        Some(path) => read(path)?,
        None => Settings::default(),
    };
    if let Some(speed) = options.speed {
        settings.speed = speed;
    }
    if !options.callback_hosts.is_empty() {
        settings.callbacks.enabled = true;
        settings.callbacks.hosts = options.callback_hosts;
    }
    let shutdown = Shutdown::on_signals()?;
    let simulator = match &options.books {
        Some(books) => Simulator::start_with_books(settings, books, options.listen).await?,
        None => Simulator::start(settings, options.listen).await?,
    };
    output.result(&serde_json::json!({ "url": simulator.url() }), || simulator.url());
    shutdown.requested().await;
    simulator.stop().await;
    Ok(ExitCode::Ok)
}

fn read(path: &Path) -> Result<Settings, Error> {
    let bad = |cause: String| Error::Usage(format!("{}: {cause}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    match path.extension().is_some_and(|extension| extension == "toml") {
        true => toml::from_str(&text).map_err(|error| bad(error.to_string())),
        false => serde_json::from_str(&text).map_err(|error| bad(error.to_string())),
    }
}
