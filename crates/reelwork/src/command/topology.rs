use broker_rabbitmq::Topology;
use broker_rabbitmq::topology::Found;
use daemon::{Config, ExitCode};
use serde_json::json;

use crate::cli;
use crate::doors::broker_settings;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) async fn run(
    action: cli::Topology,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let Some(url) = config.broker.url.url() else {
        let why = "the embedded backend has no topology; set broker.url to an amqp:// address";
        return Err(Failure::Usage(why.to_owned()));
    };
    let settings = broker_settings(config, url);
    let topology: Topology = settings.topology();
    match action {
        cli::Topology::Export => {
            let text = serde_json::to_string_pretty(&topology.definitions()).unwrap_or_default();
            output.line(&text);
            Ok(ExitCode::Ok)
        }
        cli::Topology::Apply => {
            topology.apply(&settings).await?;
            output.result(&json!({"applied": true}), || "applied".to_owned());
            Ok(ExitCode::Ok)
        }
        cli::Topology::Show => show(&topology, &settings, output).await,
    }
}

/// 1 when something is missing or different.
async fn show(
    topology: &Topology,
    settings: &broker_rabbitmq::Settings,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let mut all_there = true;
    for finding in topology.show(settings).await? {
        all_there &= !matches!(finding.found, Found::Missing | Found::Differs(_));
        let found = words(&finding.found);
        let row = json!({"thing": finding.thing, "expected": finding.expected, "found": found});
        output.result(&row, || format!("{}  {}  [{}]", finding.thing, finding.expected, found));
    }
    Ok(if all_there { ExitCode::Ok } else { ExitCode::Failure })
}

fn words(found: &Found) -> &str {
    match found {
        Found::AsExpected => "as expected",
        Found::Missing => "missing",
        Found::Differs(words) => words,
        Found::NotComparable => "there, but may not be compared",
    }
}
