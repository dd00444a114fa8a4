use daemon::{Config, ExitCode};
use kling::{QueryError, Route};
use ports::{Clock, SystemClock};
use serde::Serialize;

use crate::backends::Backends;
use crate::command::around::Around;
use crate::command::uncompared::UNCOMPARED;
use crate::command::{look_up, probe, topology};
use crate::error::Error;
use crate::output::{Output, Words};
use crate::provider;

#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    ok: bool,
    detail: String,
    #[serde(skip)]
    code: u8,
}

/// Checks everything that is needed, free of charge, and prints each result. The exit code is that
/// of the most severe one.
pub(crate) async fn run(
    config: &Config,
    with_probe: bool,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, Error> {
    if with_probe {
        let findings = probe::probe(config, yes, output).await?;
        let text = serde_json::to_string_pretty(&findings).unwrap_or_default();
        output.result(&findings, || Words::of_lines(&text));
        return Ok(ExitCode::Ok);
    }
    let checks = [
        broker(config).await,
        ledger(config).await,
        provider(config).await,
        finding("look_up", look_up::tried(config).await),
    ];
    for check in &checks {
        output.result(check, || {
            let mark = if check.ok { "ok     " } else { "PROBLEM" };
            format!("{mark}  {}: {}", check.check, check.detail)
        });
    }
    let worst = checks.iter().map(|check| check.code).max().unwrap_or(0);
    Ok(match worst {
        0 => ExitCode::Ok,
        78 => ExitCode::Configuration,
        69 => ExitCode::Unavailable,
        _ => ExitCode::Failure,
    })
}

fn finding(check: &'static str, found: Result<String, Error>) -> Check {
    match found {
        Ok(detail) => Check { check, ok: true, detail, code: 0 },
        Err(error) => {
            let code = error.exit_code().code();
            Check { check, ok: false, detail: error.to_string(), code }
        }
    }
}

async fn broker(config: &Config) -> Check {
    let look = async {
        let policies = match config.broker.url.url() {
            Some(url) => topology::looked_at(config, url).await?,
            None => {
                Backends::open_broker(config).await?.check().await?;
                return Ok(format!(
                    "{} is reached, and its topology is as expected",
                    config.broker.url
                ));
            }
        };
        Ok(format!(
            "{} is reached, its topology is as expected, and our user may read and write; {policies}",
            config.broker.url,
        ))
    };
    finding("broker", look.await)
}

async fn ledger(config: &Config) -> Check {
    let look = async {
        let ledger = Backends::open_ledger(config).await?;
        ledger.check().await?;
        let url = &config.ledger.url;
        let around = Around::of(config, ledger.as_ref(), None, SystemClock.now()).await?;
        let mut now = around.sentence();
        if ledger.opens_at().await?.is_none() {
            now.push_str(&format!("; {UNCOMPARED}"));
        }
        match ledger.warnings().await? {
            none if none.is_empty() => Ok(format!("{url} is reached and safe to use{now}")),
            some => Ok(format!("{url} is reached and can be used, but: {}{now}", some.join("; "))),
        }
    };
    finding("ledger", look.await)
}

/// Queries a task that cannot exist: free, and a clear denial proves address and key.
async fn provider(config: &Config) -> Check {
    let look = async {
        let key = config.kling.require_api_key()?.clone();
        let client = provider::client(config, key)?;
        let base = config.kling.base_url.as_str();
        match client.query(Route::VideosText2video, "0").await {
            Ok(_) | Err(QueryError::NotFound { .. } | QueryError::Busy { .. }) => {
                Ok(format!("{base} answers and accepts the key"))
            }
            Err(error @ QueryError::Account { .. }) => Err(Error::Denied(error.to_string())),
            Err(error @ (QueryError::Later { .. } | QueryError::Unreadable { .. })) => {
                Err(Error::Unavailable(format!("{base}: {error}{}", advice(&error.to_string()))))
            }
        }
    };
    finding("provider", look.await)
}

/// For a company whose proxy signs with an authority of its own.
fn advice(cause: &str) -> &'static str {
    match cause.contains("UnknownIssuer") {
        true => "; name the authority of its certificate in kling.ca_file, if you trust it",
        false => "",
    }
}
