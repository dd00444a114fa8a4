//! Jobs of which it is not known whether they were submitted: lists and settles them.

mod list;
mod settle;

use daemon::{Config, ExitCode};
use job::{Problem, Record};
use kling::{QueryError, Route};
use operator::{Decision, account_of_task};

use super::named::Named;
use crate::backends::Backends;
use crate::cli::Doubt;
use crate::error::Error;
use crate::output::Output;
use crate::{provider, settings};

pub(crate) async fn run(
    action: Doubt,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Error> {
    match action {
        Doubt::List { tenant, limit } => list::run(config, tenant, limit, output).await,
        Doubt::Attach { id, task, tenant, account, yes } => {
            let key = Named::parse(&tenant.tenant, &id)?;
            let task = Attached { id: task, account };
            attach(config, key, task, yes, output).await
        }
        Doubt::Resubmit { id, tenant, yes } => {
            let key = Named::parse(&tenant.tenant, &id)?;
            resubmit(config, key, yes, output).await
        }
        Doubt::Fail { id, tenant, why } => {
            let key = Named::parse(&tenant.tenant, &id)?;
            let error = Problem::new("in_doubt", why)
                .advice("a task may have been created and billed: ask the provider");
            settle::by(config, &key, Decision::Fail { error }, output).await
        }
    }
}

/// A task, and the account that has it if it is not that of the job.
struct Attached {
    id: String,
    account: Option<String>,
}

async fn attach(
    config: &Config,
    key: Named,
    task: Attached,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, Error> {
    if !yes {
        let ledger = Backends::open_ledger(config).await?;
        let stored = settle::in_question(ledger.as_ref(), &key).await?;
        check(config, &stored.record, &task).await?;
    } else if let Some(account) = &task.account {
        settings::asked(config, account)?;
    }
    let Attached { id: task_id, account } = task;
    settle::by(config, &key, Decision::Attach { task_id, account }, output).await
}

/// The provider knows the task, and it does not belong to another job.
async fn check(config: &Config, record: &Record, task: &Attached) -> Result<(), Error> {
    let (task_id, account) = (&task.id, account_of_task(record, task.account.as_deref())?);
    let client = provider::client_of(config, account)?;
    let route = Route::parse(record.operation.as_str())
        .ok_or_else(|| Error::Other(format!("unknown operation {}", record.operation)))?;
    let unchecked = "with --yes it is attached unchecked";
    let task = match client.query(route, task_id).await {
        Ok(task) => task,
        Err(QueryError::NotFound { message }) => {
            let why = format!("the provider denies task {task_id}: {message}; {unchecked}");
            return Err(Error::Other(why));
        }
        Err(error) => return Err(Error::Unavailable(format!("{error}; {unchecked}"))),
    };
    match task.external_task_id {
        Some(id) if id != record.external_id.as_str() => Err(Error::Other(format!(
            "task {task_id} carries the external id {id}, this job has {}; {unchecked}",
            record.external_id
        ))),
        _ => Ok(()),
    }
}

async fn resubmit(
    config: &Config,
    key: Named,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, Error> {
    if !yes {
        let ledger = Backends::open_ledger(config).await?;
        settle::in_question(ledger.as_ref(), &key).await?;
        return Err(Error::Usage(format!(
            "{} may have been submitted and paid for. Sent again under the same external id it is \
             paid for once where the provider enforces these ids, and twice where it does not. \
             If you accept that, say --yes",
            key.key().id
        )));
    }
    let why = "a person wants it sent again".to_owned();
    settle::by(config, &key, Decision::Resubmit { why }, output).await
}
