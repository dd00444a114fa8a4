//! Many jobs at once: their number is shown, and a confirmation is needed.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use daemon::{Config, ExitCode};
use futures::{StreamExt, TryStreamExt, stream};
use job::{JobKey, OverflowQueue, Priority, Resource, Tenant, Timestamp};
use operator::{Selection, Tally};
use ports::{Clock, ListFilter, Source, SystemClock};
use serde::Serialize;

use crate::cli::Cancel;
use crate::command::confirm::{agreed, refused};
use crate::command::lines;
use crate::command::member::Member;
use crate::command::named::Named;
use crate::error::Error;
use crate::output::Output;

/// Names that are looked up at once.
const AT_ONCE: usize = 64;

/// How often the ledger is read for jobs for which it had no room before.
const NEXT_ROUND: Duration = Duration::from_millis(100);

/// Within this time, workers record the next of them.
const QUIET: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct TallyView {
    cancelled: u64,
    /// No worker has recorded them: they are cancelled if they come.
    unseen: u64,
    /// Submitted or ended before.
    too_late: u64,
}

pub(super) async fn run(
    config: &Config,
    options: Cancel,
    output: &Output,
) -> Result<ExitCode, Error> {
    let tenant = Tenant::new(&options.tenant.tenant);
    let tenant = tenant.map_err(|error| Error::Usage(error.to_string()))?;
    let named = options.file.as_deref().map(|file| read(file, &tenant)).transpose()?;
    let member = Member::join(config, output).await?;
    let (ahead, are_named) = (options.ahead, named.is_some());
    let done = match named {
        Some(keys) => of_file(&member, keys, options.yes).await,
        None => of_tenant(&member, options, tenant.clone()).await,
    };
    let left = if are_named { Ok(0) } else { in_overflow(&member, &tenant).await };
    member.leave().await;
    let Tally { cancelled, unseen, too_late } = done?;
    output.result(&TallyView { cancelled, unseen, too_late }, || {
        format!("{cancelled} cancelled, {unseen} not recorded yet, {too_late} too late")
    });
    let left = left?;
    if left > 0 {
        output.complain(&format!(
            "{left} jobs of tenants such as {tenant} wait in overflow queues: those of {tenant} are not \
             cancelled; run this again"
        ));
    }
    // As for a single job.
    Ok(match are_named {
        _ if left > 0 => ExitCode::Failure,
        true if too_late > 0 => ExitCode::Failure,
        true if unseen > 0 && !ahead => ExitCode::NotFound,
        true | false => ExitCode::Ok,
    })
}

/// Jobs in the broker's queues for the tenant and others. It may have none of them.
async fn in_overflow(member: &Member, tenant: &Tenant) -> Result<u64, Error> {
    let of = |resource| Priority::ALL.map(|priority| OverflowQueue::of(resource, tenant, priority));
    let mut left = 0;
    for queue in Resource::ALL.into_iter().flat_map(of) {
        left += member.backends.broker.depth(&Source::Overflow(queue)).await?;
    }
    Ok(left)
}

async fn of_file(member: &Member, names: Vec<Named>, yes: bool) -> Result<Tally, Error> {
    let ledger = member.backends.ledger.as_ref();
    let keys = stream::iter(&names).map(|named| named.resolve(ledger)).buffered(AT_ONCE);
    let keys: BTreeSet<JobKey> = keys.try_collect().await?;
    let effect = format!("{} jobs are to be cancelled", keys.len());
    match agreed(yes, &effect) {
        true => Ok(member.operator.cancel_many(keys.into_iter().collect()).await?),
        false => Err(refused(&effect)),
    }
}

async fn of_tenant(member: &Member, options: Cancel, tenant: Tenant) -> Result<Tally, Error> {
    let (now, yes) = (SystemClock.now(), options.yes);
    let filter =
        ListFilter { tenant: Some(tenant.clone()), limit: usize::MAX, ..Default::default() };
    let selection = options.selected.of(filter);
    let keys = unsubmitted(member, &selection, now).await?;
    let effect = format!(
        "{} jobs of tenant {tenant} are recorded and not submitted: they, and those that are recorded \
         as they go, are to be cancelled",
        keys.len()
    );
    match agreed(yes, &effect) {
        true => until_none_comes(member, &selection, now, keys).await,
        false => Err(refused(&effect)),
    }
}

/// More jobs are recorded when some are cancelled: until no other one comes for a while.
async fn until_none_comes(
    member: &Member,
    selection: &Selection,
    until: Timestamp,
    mut keys: Vec<JobKey>,
) -> Result<Tally, Error> {
    let (mut all, mut tried, mut last) = (Tally::default(), BTreeSet::new(), Instant::now());
    while last.elapsed() < QUIET {
        keys.retain(|key| tried.insert(key.clone()));
        if !keys.is_empty() {
            all.add(member.operator.cancel_many(keys).await?);
            last = Instant::now();
        }
        SystemClock.sleep(NEXT_ROUND).await;
        keys = unsubmitted(member, selection, until).await?;
    }
    Ok(all)
}

async fn unsubmitted(
    member: &Member,
    selection: &Selection,
    until: Timestamp,
) -> Result<Vec<JobKey>, Error> {
    Ok(member.operator.unsubmitted(selection, until).await?)
}

fn read(file: &Path, tenant: &Tenant) -> Result<Vec<Named>, Error> {
    lines::read(file)?.iter().map(|line| Named::parse(tenant.as_str(), line)).collect()
}
