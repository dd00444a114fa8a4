use broker_rabbitmq::Topology;
use broker_rabbitmq::topology::{Finding, Forbidden, Found, Risk};
use daemon::{Config, ExitCode, SecretUrl};
use serde_json::json;

use crate::backends::broker_settings;
use crate::cli;
use crate::error::Error;
use crate::output::Output;

pub(crate) async fn run(
    action: cli::Topology,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Error> {
    let Some(url) = config.broker.url.url() else {
        let why = "the embedded backend has no topology; set broker.url to an amqp:// address";
        return Err(Error::Usage(why.to_owned()));
    };
    let settings = broker_settings(config, url);
    let topology: Topology = settings.topology();
    match action {
        cli::Topology::Export => {
            let text = serde_json::to_string_pretty(&topology.definitions()).unwrap_or_default();
            output.text(&text);
            Ok(ExitCode::Ok)
        }
        cli::Topology::Apply => {
            topology.apply(&settings).await?;
            match topology.risks(&settings).await {
                Some(risks) => risks.iter().for_each(|risk| output.complain(&risk.to_string())),
                None => output.complain(&on_policies(&settings.namespace)),
            }
            output.result(&json!({"applied": true}), || "applied".to_owned());
            Ok(ExitCode::Ok)
        }
        cli::Topology::Show => show(&topology, &settings, output).await,
    }
}

/// Exit code 1 if something is missing or different.
async fn show(
    topology: &Topology,
    settings: &broker_rabbitmq::Settings,
    output: &Output,
) -> Result<ExitCode, Error> {
    let mut all_there = true;
    for finding in topology.show(settings).await? {
        all_there &= !matches!(finding.found, Found::Missing | Found::Differs(_));
        let found = words(&finding.found);
        let row = json!({"thing": finding.thing, "expected": finding.expected, "found": found});
        output.result(&row, || format!("{}  {}  [{}]", finding.thing, finding.expected, found));
    }
    Ok(if all_there { ExitCode::Ok } else { ExitCode::Failure })
}

/// Declares nothing. Reports everything that is missing or forbidden, and what to do about it.
pub(crate) async fn looked_at(config: &Config, url: &SecretUrl) -> Result<String, Error> {
    let settings = broker_settings(config, url);
    let topology = settings.topology();
    let findings = topology.show(&settings).await?;
    let missing = |finding: &&Finding| finding.found == Found::Missing;
    let differs = |finding: &&Finding| matches!(finding.found, Found::Differs(_));
    let mut problems: Vec<String> =
        findings.iter().filter(differs).map(Finding::to_string).collect();
    let absent: Vec<&str> =
        findings.iter().filter(missing).map(|finding| finding.thing.as_str()).collect();
    if !absent.is_empty() {
        problems.push(format!(
            "missing: {}; make them with reelwork topology apply{}",
            absent.join(", "),
            if config.broker.manage_topology {
                " (or any role makes them when it starts)"
            } else {
                ""
            }
        ));
    }
    problems.extend(topology.forbidden(&settings).await?.iter().map(Forbidden::to_string));
    let risks = topology.risks(&settings).await;
    problems.extend(risks.iter().flatten().map(Risk::to_string));
    match problems.is_empty() {
        true if risks.is_some() => Ok("no policy can lose jobs".to_owned()),
        true => Ok(on_policies(&settings.namespace)),
        false => Err(Error::Denied(problems.join("; "))),
    }
}

/// Whether a majority of the nodes works, and what one more lost node would stop.
pub(crate) async fn quorum(config: &Config, url: &SecretUrl) -> Result<String, Error> {
    let settings = broker_settings(config, url);
    let sentences = settings.topology().quorum(&settings).await?;
    Ok(match sentences.is_empty() {
        true => "a majority of the broker's nodes answers".to_owned(),
        false => format!(
            "a majority of the broker's nodes answers, but quorum is at risk: {}",
            sentences.join("; ")
        ),
    })
}

/// AMQP shows no policies, so the command reports where to find them.
fn on_policies(namespace: &str) -> String {
    format!(
        "policies cannot be seen (AMQP shows none, and no management plugin tells us on port \
         15672): rabbitmqctl list_policies must show none for \
         {namespace}.* that sets message-ttl, expires, max-length, max-length-bytes, max-age, \
         delivery-limit, overflow or dead-letter-exchange"
    )
}

fn words(found: &Found) -> &str {
    match found {
        Found::AsExpected => "as expected",
        Found::Missing => "missing",
        Found::Differs(words) => words,
        Found::NotComparable => "there, but may not be compared",
    }
}
