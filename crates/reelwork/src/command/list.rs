use daemon::{Config, ExitCode};
use job::{StateKind, Tenant};
use ports::ListFilter;

use super::uncompared;
use crate::backends::Backends;
use crate::error::Error;
use crate::output::Output;
use crate::view::JobView;

pub(crate) async fn run(
    config: &Config,
    state: Option<StateKind>,
    tenant: Option<String>,
    limit: usize,
    output: &Output,
) -> Result<ExitCode, Error> {
    let tenant = tenant.map(Tenant::new).transpose();
    let tenant = tenant.map_err(|error| Error::Usage(error.to_string()))?;
    let ledger = Backends::look_at_ledger(config).await?;
    uncompared::report(ledger.as_ref(), output).await?;
    let states = state.into_iter().collect();
    let filter = ListFilter { states, tenant, limit, ..ListFilter::default() };
    for record in ledger.list(&filter).await? {
        let view = JobView::of(&record);
        output.result(&view, || view.words());
    }
    Ok(ExitCode::Ok)
}
