use daemon::{Config, ExitCode};
use job::{Doubt, Record, State, StateKind, Tenant};
use operator::JobView;
use ports::{Ledger, ListFilter};
use serde::Serialize;

use crate::backends::Backends;
use crate::command::uncompared;
use crate::error::Error;
use crate::output::Output;

#[derive(Serialize)]
struct DoubtView<'a> {
    #[serde(flatten)]
    job: JobView<'a>,
    since: String,
    cause: &'a str,
    denials: u32,
    looks: u32,
    evidence: &'a [String],
    /// Task ids that callbacks named.
    proposals: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_look: Option<String>,
}

pub(crate) async fn run(
    config: &Config,
    tenant: Option<String>,
    limit: usize,
    output: &Output,
) -> Result<ExitCode, Error> {
    let tenant = tenant.map(Tenant::new).transpose();
    let tenant = tenant.map_err(|error| Error::Usage(error.to_string()))?;
    let ledger = Backends::look_at_ledger(config).await?;
    uncompared::report(ledger.as_ref(), output).await?;
    for state in [StateKind::InDoubt, StateKind::Parked] {
        let filter =
            ListFilter { tenant: tenant.clone(), ..ListFilter::of_states(&[state], limit) };
        for record in ledger.scan(&filter).await? {
            if let Some(doubt) = doubt_of(&record.state) {
                show(ledger.as_ref(), &record, doubt, output).await?;
            }
        }
    }
    Ok(ExitCode::Ok)
}

fn doubt_of(state: &State) -> Option<&Doubt> {
    match state {
        State::InDoubt { doubt } | State::Parked { doubt: Some(doubt), .. } => Some(doubt),
        _ => None,
    }
}

async fn show(
    ledger: &dyn Ledger,
    record: &Record,
    doubt: &Doubt,
    output: &Output,
) -> Result<(), Error> {
    let looks_on = matches!(record.state, State::InDoubt { .. });
    let view = DoubtView {
        job: JobView::of(record),
        since: doubt.since.to_string(),
        cause: &doubt.cause,
        denials: doubt.denials,
        looks: doubt.looks,
        evidence: &doubt.evidence,
        proposals: ledger.proposals(&record.key, record.round).await?,
        next_look: looks_on.then(|| doubt.next_look.to_string()),
    };
    output.result(&view, || words(&view));
    Ok(())
}

fn words(view: &DoubtView<'_>) -> Vec<String> {
    let job = &view.job;
    let first = format!("{}  {}  {}", job.id, job.state, job.operation);
    let mut lines = vec![format!("{first}  since {}: {}", view.since, view.cause)];
    lines.extend(view.evidence.iter().map(|evidence| format!("  {evidence}")));
    lines.extend(view.proposals.iter().map(|task| format!("  a callback named task {task}")));
    lines.extend(view.next_look.iter().map(|next| format!("  next look {next}")));
    lines
}
