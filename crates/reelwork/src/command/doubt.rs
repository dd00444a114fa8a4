//! Jobs of which it is not known whether they were submitted: lists and settles them.

mod list;
mod settle;

use daemon::{Config, ExitCode, ExposeSecret};
use job::{Problem, Record};
use kling::{QueryError, Route};
use operator::Decision;

use super::named::Named;
use crate::backends::Backends;
use crate::cli::Doubt;
use crate::error::Error;
use crate::output::Output;
use crate::provider;

pub(crate) async fn run(
    action: Doubt,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Error> {
    match action {
        Doubt::List { tenant, limit } => list::run(config, tenant, limit, output).await,
        Doubt::Attach { id, task, tenant, yes } => {
            let key = Named::parse(&tenant.tenant, &id)?;
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

async fn attach(
    config: &Config,
    key: Named,
    task_id: String,
    yes: bool,
    output: &Output,
) -> Result<ExitCode, Error> {
    if !yes {
        let ledger = Backends::open_ledger(config).await?;
        let stored = settle::in_question(ledger.as_ref(), &key).await?;
        check(config, &stored.record, &task_id).await?;
    }
    settle::by(config, &key, Decision::Attach { task_id }, output).await
}

/// The provider knows the task, and it does not belong to another job.
async fn check(config: &Config, record: &Record, task_id: &str) -> Result<(), Error> {
    let api_key = config.kling.require_api_key()?.expose_secret().into();
    let route = Route::parse(record.operation.as_str())
        .ok_or_else(|| Error::Other(format!("unknown operation {}", record.operation)))?;
    let unchecked = "with --yes it is attached unchecked";
    let task = match provider::client(config, api_key)?.query(route, task_id).await {
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
