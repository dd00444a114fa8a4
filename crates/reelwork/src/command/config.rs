use daemon::{Config, ConfigError, ExitCode, Problem, Source, Sources, example};
use serde_json::json;
use tls::{FileError, Section};

use crate::cli::ConfigAction;
use crate::error::Error;
use crate::output::Output;
use crate::settings::webhooks;
use crate::{backends, price_file, provider};

pub(crate) fn run(
    action: &ConfigAction,
    sources: &Sources,
    output: &Output,
) -> Result<ExitCode, Error> {
    match action {
        ConfigAction::Example => output.text(example().trim_end()),
        ConfigAction::Show => show(sources, output)?,
        ConfigAction::Check => return Ok(check(sources, output)),
    }
    Ok(ExitCode::Ok)
}

fn show(sources: &Sources, output: &Output) -> Result<(), Error> {
    let effective = Config::load(sources)?.effective;
    if output.json {
        output.result(&effective, String::new);
        return Ok(());
    }
    for row in &effective {
        let value = row.value.as_deref().unwrap_or("(not set)");
        output.result(row, || format!("{} = {value}  ({})", row.key, row.source));
    }
    Ok(())
}

fn check(sources: &Sources, output: &Output) -> ExitCode {
    match Config::load(sources).and_then(|loaded| files(&loaded.config)) {
        Ok(()) => {
            output.result(&json!({"ok": true, "problems": []}), || "ok".to_owned());
            ExitCode::Ok
        }
        Err(error) => {
            if output.json {
                output.result(&json!({"ok": false, "problems": error.problems}), String::new);
            } else {
                output.explain(&error.to_string());
            }
            ExitCode::Configuration
        }
    }
}

/// Whether the files that it names can be used, and what calls clients can be made.
fn files(config: &Config) -> Result<(), ConfigError> {
    let sections = [
        (Section::Broker, backends::broker_tls(config)),
        (Section::Ledger, backends::ledger_tls(config)),
        (Section::Kling, provider::tls(config)),
    ];
    let problem = |(section, error): (Section, FileError)| Problem {
        key: Some(format!("{section}.{}", error.key)),
        source: Source::Default,
        message: error.cause,
        hint: None,
    };
    let refused =
        sections.iter().filter_map(|(section, files)| Some((*section, files.read().err()?)));
    let mut problems: Vec<Problem> = refused.map(problem).collect();
    problems.extend(price_file::table(config).err().into_iter().flat_map(|error| error.problems));
    // The first account may have no key here: not every process needs it.
    let further = config.accounts().into_iter().skip(1);
    problems.extend(further.filter_map(|account| account.kling.require_api_key().err()));
    problems.extend(webhooks(config).err().into_iter().flat_map(|error| error.problems));
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ConfigError { problems }),
    }
}
