use super::named::Named;
use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;
use crate::view::{JobView, Unseen};
use daemon::{Config, ExitCode};

pub(crate) async fn run(
    config: &Config,
    named: &Named,
    strict: bool,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let ledger = Doors::look_at_ledger(config).await?;
    match named.load(ledger.as_ref()).await? {
        Some(stored) => {
            let view = JobView::of(&stored.record);
            output.result(&view, || view.words());
            Ok(ExitCode::Ok)
        }
        None => {
            output.result(&Unseen::of(named.key()), || {
                format!("{}  queued or unknown", named.key().id)
            });
            Ok(if strict { ExitCode::NotFound } else { ExitCode::Ok })
        }
    }
}
