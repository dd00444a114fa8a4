//! Jobs that did not succeed are done again, each in a new round that is paid for.

mod view;

use std::collections::BTreeSet;

use daemon::{Config, ExitCode};
use futures::{StreamExt, TryStreamExt, stream};
use job::{JobKey, Record, Tenant};
use operator::{Retried, RetryPlan, Selection};
use ports::{Clock, Ledger, ListFilter, SystemClock};

use self::view::{Estimated, Tally};
use super::confirm::{agreed, refused};
use super::lines;
use super::member::Member;
use super::named::Named;
use crate::cli::{ENDED, Retry};
use crate::error::Error;
use crate::output::Output;
use crate::price_file;
use crate::view::PrintedJob;

/// Records that are loaded at once.
const AT_ONCE: usize = 64;

pub(crate) async fn run(
    config: &Config,
    options: Retry,
    output: &Output,
) -> Result<ExitCode, Error> {
    let member = Member::join(config, output).await?;
    let done = retry(config, &member, options, output).await;
    member.leave().await;
    done
}

async fn retry(
    config: &Config,
    member: &Member,
    options: Retry,
    output: &Output,
) -> Result<ExitCode, Error> {
    let (dry_run, yes) = (options.dry_run, options.yes);
    let plan = plan(config, member, options).await?;
    let mut tally = Tally::default();
    for (key, why) in &plan.stays {
        tally.stays(key, *why, output);
    }
    let estimated = Estimated::of(&plan);
    if dry_run || plan.jobs.is_empty() {
        output.result(&estimated, || estimated.words());
        return Ok(tally.exit_code(dry_run));
    }
    let effect = estimated.effect();
    match agreed(yes, &effect) {
        true => finish(member, plan.jobs, tally, output).await,
        false => Err(refused(&effect)),
    }
}

async fn plan(config: &Config, member: &Member, options: Retry) -> Result<RetryPlan, Error> {
    let ledger = member.backends.ledger.as_ref();
    let keys = match options.all {
        true => selected(ledger, options).await?,
        false => named(ledger, &options).await?,
    };
    let (table, now) = (price_file::table(config)?, SystemClock.now());
    let price = |record: &Record| {
        let amount = |request| table.estimate(&record.operation, request, now).amount;
        record.request.here().and_then(amount)
    };
    match member.operator.plan_retries(keys, SystemClock.now(), price).await {
        Err(operator::Error::Unknown(key)) => {
            Err(Error::NotFound(format!("{key} is not known: nothing was changed")))
        }
        plan => Ok(plan?),
    }
}

async fn named(ledger: &dyn Ledger, options: &Retry) -> Result<BTreeSet<JobKey>, Error> {
    let lines = options.file.as_deref().map(lines::read).transpose()?;
    let ids = lines.as_ref().unwrap_or(&options.ids);
    let names = ids.iter().map(|id| Named::parse(&options.tenant.tenant, id));
    let names: Vec<Named> = names.collect::<Result<_, _>>()?;
    let keys = stream::iter(&names).map(|named| named.resolve(ledger)).buffered(AT_ONCE);
    Ok(keys.try_collect().await?)
}

/// Those whose request is not kept are among them: their number is told.
async fn selected(ledger: &dyn Ledger, options: Retry) -> Result<BTreeSet<JobKey>, Error> {
    let tenant = Tenant::new(&options.tenant.tenant);
    let tenant = tenant.map_err(|error| Error::Usage(error.to_string()))?;
    let states = match options.states.is_empty() {
        true => ENDED.to_vec(),
        false => options.states,
    };
    let filter =
        ListFilter { states, tenant: Some(tenant), limit: usize::MAX, ..Default::default() };
    let selection = Selection { error: options.error, ..options.selected.of(filter) };
    let mut keys = BTreeSet::new();
    let insert = |record: &Record| {
        keys.insert(record.key.clone());
    };
    selection.each(ledger, None, insert).await?;
    Ok(keys)
}

async fn finish(
    member: &Member,
    ended: Vec<(JobKey, u32)>,
    mut tally: Tally,
    output: &Output,
) -> Result<ExitCode, Error> {
    let found = |retried: Retried| match retried {
        Retried::Begun(record) => {
            tally.retried += 1;
            let view = PrintedJob::of(&record);
            output.result(&view, || view.words());
        }
        Retried::Stays(record, why) => {
            tally.stays(&record.key, why, output);
        }
    };
    member.operator.retry_many(ended, found).await?;
    output.message(&tally.words());
    Ok(tally.exit_code(false))
}
