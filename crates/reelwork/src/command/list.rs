use std::time::Duration;

use daemon::{Config, ExitCode};
use job::{JobId, JobKey, Tenant, Timestamp};
use operator::Selection;
use ports::{Clock, Cursor, Ledger, ListFilter, SystemClock};

use super::named::Named;
use super::uncompared;
use crate::backends::Backends;
use crate::cli::List;
use crate::error::Error;
use crate::output::Output;
use crate::view::JobView;

pub(crate) async fn run(
    config: &Config,
    options: List,
    output: &Output,
) -> Result<ExitCode, Error> {
    let ledger = Backends::look_at_ledger(config).await?;
    uncompared::report(ledger.as_ref(), output).await?;
    let after = begin(ledger.as_ref(), &options).await?;
    let show = |record: &_| {
        let view = JobView::of(record);
        output.result(&view, || view.words());
        true
    };
    selection(options).each(ledger.as_ref(), after, show).await?;
    Ok(ExitCode::Ok)
}

fn selection(options: List) -> Selection {
    let List { states, tenant, operation, model, since, error, metadata, limit, .. } = options;
    let since = since.map(ago);
    let filter = ListFilter { states, tenant, operation, since, limit };
    Selection { filter, model, error, metadata }
}

/// Where the list begins.
async fn begin(ledger: &dyn Ledger, options: &List) -> Result<Option<Cursor>, Error> {
    if let Some(id) = &options.after {
        let tenant = options.tenant.clone().unwrap_or_default();
        let named = Named::parse(tenant.as_str(), id)?;
        let stored = named.load(ledger).await?;
        let stored = stored.ok_or_else(|| Error::NotFound(named.unseen()))?;
        return Ok(Some(Cursor::of(&stored.record)));
    }
    let older = options.older_than.map(ago);
    // Some of what was recorded in this millisecond may be listed.
    let least = JobId::new("!").map(|id| JobKey::new(Tenant::default(), id));
    Ok(older.zip(least.ok()).map(|(created_at, key)| Cursor { created_at, key }))
}

/// A moment so long before now.
pub(crate) fn ago(age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(SystemClock.now().as_millis().saturating_sub(age).max(0))
}
