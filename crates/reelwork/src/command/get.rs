use daemon::{Config, ExitCode};
use job::JobKey;

use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;
use crate::view::{JobView, Unseen};

pub(crate) async fn run(
    config: &Config,
    key: &JobKey,
    strict: bool,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let ledger = Doors::open_ledger(config).await?;
    match ledger.load(key).await? {
        Some(stored) => {
            let view = JobView::of(&stored.record);
            output.result(&view, || view.words());
            Ok(ExitCode::Ok)
        }
        None => {
            output.result(&Unseen::of(key), || format!("{}  queued or unknown", key.id));
            Ok(if strict { ExitCode::NotFound } else { ExitCode::Ok })
        }
    }
}
