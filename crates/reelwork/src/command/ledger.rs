//! The contents of the ledger, compared with the journal and the provider.

use std::collections::BTreeMap;
use std::sync::Arc;

use daemon::{Config, ExitCode};
use follower::{Difference, Follower, Version, differences};
use futures::{StreamExt, stream};
use job::{JobKey, Record, Restoring, StateKind};
use kling::{QueryError, Route};
use ports::{Clock, ListFilter, SystemClock};
use recorder::Phase;
use serde::Serialize;

use crate::backends::Backends;
use crate::cli;
use crate::error::Error;
use crate::output::Output;
use crate::provider;
use crate::settings;

/// Maximum number of concurrent queries.
const AT_ONCE: usize = 16;

pub(crate) async fn run(
    action: cli::Ledger,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Error> {
    let backends = Backends::open(config).await?;
    match action {
        cli::Ledger::Check { tasks } => check(config, &backends, tasks, output).await,
        cli::Ledger::Rebuild => rebuild(config, &backends, output).await,
    }
}

/// One line of the check.
#[derive(Debug, Serialize)]
struct Row {
    tenant: String,
    id: String,
    ledger: String,
    /// The version in the journal; if there is none, the provider's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
}

async fn check(
    config: &Config,
    backends: &Backends,
    tasks: usize,
    output: &Output,
) -> Result<ExitCode, Error> {
    let now = SystemClock.now();
    let retention = config.ledger.retention;
    let restoring = Restoring { now, retention, settles_at: now };
    let (broker, ledger) = (backends.broker.as_ref(), backends.ledger.as_ref());
    let found = differences(broker, ledger, &SystemClock, restoring).await;
    let mut rows: Vec<Row> = found?.into_iter().map(of_journal).collect();
    if tasks > 0 {
        rows.extend(denied_tasks(config, backends, tasks).await?);
    }
    for row in &rows {
        output.result(row, || row.words());
    }
    output.complain(&match rows.len() {
        0 => "no difference".to_owned(),
        1 => "1 difference".to_owned(),
        many => format!("{many} differences"),
    });
    Ok(if rows.is_empty() { ExitCode::Ok } else { ExitCode::Failure })
}

fn of_journal(difference: Difference) -> Row {
    let version = |v: &Version| format!("{} (revision {})", v.state, v.revision);
    let ledger = difference.ledger.as_ref().map_or_else(|| "missing".to_owned(), version);
    let journal = Some(version(&difference.journal));
    row(&difference.key, ledger, journal, None)
}

fn row(key: &JobKey, ledger: String, journal: Option<String>, provider: Option<String>) -> Row {
    Row { tenant: key.tenant.to_string(), id: key.id.to_string(), ledger, journal, provider }
}

impl Row {
    fn words(&self) -> String {
        let (who, says) = match (&self.journal, &self.provider) {
            (Some(journal), _) => ("journal", journal.as_str()),
            (None, provider) => ("provider", provider.as_deref().unwrap_or_default()),
        };
        format!("{}/{}  ledger: {}  {who}: {says}", self.tenant, self.id, self.ledger)
    }
}

/// Tasks that are pending in the ledger and that the provider does not know.
async fn denied_tasks(
    config: &Config,
    backends: &Backends,
    limit: usize,
) -> Result<Vec<Row>, Error> {
    let filter = ListFilter::of_states(&[StateKind::Pending], limit);
    let pending = backends.ledger.scan(&filter).await?;
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let mut clients = BTreeMap::new();
    for Record { account, .. } in &pending {
        if !clients.contains_key(account) {
            clients.insert(account.clone(), provider::client_of(config, account)?);
        }
    }
    let clients = &clients;
    let looks = pending
        .into_iter()
        .map(|record| async move { denial(clients.get(&record.account)?, &record).await });
    let rows: Vec<Option<Row>> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    Ok(rows.into_iter().flatten().collect())
}

/// `None` unless the provider clearly denies the task.
async fn denial(client: &kling::Client, record: &Record) -> Option<Row> {
    let route = Route::parse(record.operation.as_str())?;
    let task = record.task_id.as_deref()?;
    match client.query(route, task).await {
        Err(error @ QueryError::NotFound { .. }) => {
            let ledger = format!("pending as task {task}");
            Some(row(&record.key, ledger, None, Some(error.to_string())))
        }
        _ => None,
    }
}

/// Ends the generation and compares everything, here or in a role that is faster.
async fn rebuild(config: &Config, backends: &Backends, output: &Output) -> Result<ExitCode, Error> {
    backends.ledger.distrust().await?;
    let session = Arc::new(backends.join().await?);
    let follower = Follower::start(
        backends.broker.clone(),
        backends.ledger.clone(),
        session.clone(),
        Arc::new(SystemClock),
        follower::Settings { goes_on: false, ..settings::follower(config) },
    );
    session.reached(Phase::Closed).await;
    follower.drain(config.worker.drain).await;
    let opens_at = session.opens_at().map(|at| at.to_string());
    let result = serde_json::json!({"rebuilt": true, "opens_at": opens_at});
    output.result(&result, || match &opens_at {
        Some(at) => format!("rebuilt; jobs are submitted again from {at}"),
        None => "rebuilt".to_owned(),
    });
    if let Some(session) = Arc::into_inner(session) {
        session.leave().await;
    }
    Ok(ExitCode::Ok)
}
