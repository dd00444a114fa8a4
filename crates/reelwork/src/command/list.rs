use daemon::{Config, ExitCode};
use job::{JobId, JobKey, Tenant};
use operator::Selection;
use ports::{Cursor, Ledger, ListFilter};

use super::named::Named;
use super::uncompared;
use crate::backends::Backends;
use crate::cli::{List, ago};
use crate::error::Error;
use crate::output::Output;
use crate::view::PrintedJob;

pub(crate) async fn run(
    config: &Config,
    options: List,
    output: &Output,
) -> Result<ExitCode, Error> {
    let ledger = Backends::look_at_ledger(config).await?;
    uncompared::report(ledger.as_ref(), output).await?;
    let after = begin(ledger.as_ref(), &options).await?;
    let List { states, tenant, selected, error, limit, .. } = options;
    let filter = ListFilter { states, tenant, limit, ..ListFilter::default() };
    let selection = Selection { error, ..selected.of(filter) };
    let show = |record: &_| {
        let view = PrintedJob::of(record);
        output.result(&view, || view.words());
    };
    selection.each(ledger.as_ref(), after, show).await?;
    Ok(ExitCode::Ok)
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
