use std::time::Duration;

use daemon::{Config, ExitCode};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use kling::{QueryError, Route};
use ports::{Clock, SystemClock};
use serde::Serialize;
use tokio::time::Instant;

use crate::backends::Backends;
use crate::command::around::Around;
use crate::command::uncompared::UNCOMPARED;
use crate::command::{look_up, probe, topology};
use crate::error::Error;
use crate::output::Output;
use crate::provider;

/// For all checks together. With the end of the process it stays below 15 s.
const LIMIT: Duration = Duration::from_secs(11);

#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    /// If there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    ok: bool,
    detail: String,
    #[serde(skip)]
    code: u8,
}

impl Check {
    fn name(&self) -> String {
        let account = self.account.as_ref().map(|name| format!(" of account {name}"));
        format!("{}{}", self.check, account.unwrap_or_default())
    }
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
        return probe::run(config, yes, output).await;
    }
    let checks = all(config).await;
    for check in &checks {
        output.result(check, || {
            let mark = if check.ok { "ok     " } else { "PROBLEM" };
            format!("{mark}  {}: {}", check.name(), check.detail)
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

/// In order. One SQLite file is opened by one check after the other.
async fn all(config: &Config) -> Vec<Check> {
    let embedded = config.broker.url.is_embedded();
    let by = Instant::now() + LIMIT;
    let (broker_at, ledger_at) = (config.broker.url.to_string(), config.ledger.url.to_string());
    let accounts = config.accounts();
    let mut checks = vec![bounded("broker", &broker_at, by, broker(config)).boxed()];
    if let Some(url) = config.broker.url.url() {
        checks.push(bounded("quorum", &broker_at, by, topology::quorum(config, url)).boxed());
    }
    checks.push(bounded("ledger", &ledger_at, by, ledger(config)).boxed());
    for account in &accounts {
        checks.extend(of_account(account, accounts.len() > 1, by));
    }
    let at_once = if embedded { 1 } else { checks.len() };
    futures::stream::iter(checks).buffered(at_once).collect().await
}

/// With the key and the address of the account.
fn of_account(account: &Config, several: bool, by: Instant) -> [BoxFuture<'_, Check>; 2] {
    let base = account.kling.base_url.as_str();
    let named = move |check| {
        let account = several.then(|| account.kling.account.clone());
        Check { account, ..check }
    };
    [
        bounded("provider", base, by, provider(account)).map(named).boxed(),
        bounded("look_up", base, by, look_up::tried(account)).map(named).boxed(),
    ]
}

/// Whatever hangs, the other checks are reported.
async fn bounded(
    check: &'static str,
    at: &str,
    by: Instant,
    look: impl Future<Output = Result<String, Error>>,
) -> Check {
    let overdue = || Err(Error::Unavailable(format!("{at}: no answer within {LIMIT:?}")));
    finding(check, tokio::time::timeout_at(by, look).await.unwrap_or_else(|_| overdue()))
}

fn finding(check: &'static str, found: Result<String, Error>) -> Check {
    match found {
        Ok(detail) => Check { check, account: None, ok: true, detail, code: 0 },
        Err(error) => {
            let code = error.exit_code().code();
            Check { check, account: None, ok: false, detail: error.to_string(), code }
        }
    }
}

async fn broker(config: &Config) -> Result<String, Error> {
    let broker = &config.broker.url;
    let Some(url) = broker.url() else {
        Backends::open_broker(config).await?.check().await?;
        return Ok(format!("{broker} is reached, and its topology is as expected"));
    };
    let policies = topology::looked_at(config, url).await?;
    Ok(format!(
        "{broker} is reached, its topology is as expected, and our user may read and write; \
         {policies}"
    ))
}

async fn ledger(config: &Config) -> Result<String, Error> {
    let ledger = Backends::open_ledger(config).await?;
    ledger.check().await?;
    let url = &config.ledger.url;
    let mut now = Around::everywhere(config, ledger.as_ref(), SystemClock.now()).await?;
    if ledger.opens_at().await?.is_none() {
        now.push_str(&format!("; {UNCOMPARED}"));
    }
    match ledger.warnings().await? {
        none if none.is_empty() => Ok(format!("{url} is reached and safe to use{now}")),
        some => Ok(format!("{url} is reached and can be used, but: {}{now}", some.join("; "))),
    }
}

/// Queries a task that cannot exist: free, and a clear denial proves address and key.
async fn provider(config: &Config) -> Result<String, Error> {
    let client = provider::client(config, config.kling.require_api_key()?)?;
    let base = config.kling.base_url.as_str();
    match client.query(Route::VideosText2video, "0").await {
        Ok(_) | Err(QueryError::NotFound { .. } | QueryError::Busy { .. }) => {
            Ok(format!("{base} answers and accepts the key"))
        }
        Err(error @ QueryError::Account { .. }) => Err(Error::Denied(error.to_string())),
        Err(error @ (QueryError::Later { .. } | QueryError::Unreadable { .. })) => {
            Err(Error::Unavailable(format!("{base}: {error}")))
        }
    }
}
