use super::named::Named;
use super::place::PlaceView;
use super::uncompared;
use crate::backends::Backends;
use crate::error::Error;
use crate::output::Output;
use crate::view::{PrintedJob, Unseen};
use daemon::{Config, ExitCode};

pub(crate) async fn run(
    config: &Config,
    named: &Named,
    output: &Output,
) -> Result<ExitCode, Error> {
    let ledger = Backends::look_at_ledger(config).await?;
    let uncompared = uncompared::report(ledger.as_ref(), output).await?;
    let Some(stored) = named.load_whole(ledger.as_ref()).await? else {
        let unseen = Unseen { uncompared, ..Unseen::of(named.key()) };
        output.result(&unseen, || format!("{}  {}", unseen.id, unseen.state));
        return Err(Error::NotFound(named.unseen()));
    };
    let place = PlaceView::of(config, ledger.as_ref(), &stored.record).await?;
    let view = PrintedJob { uncompared, place, ..PrintedJob::in_detail(&stored.record) };
    output.result(&view, || view.words());
    Ok(ExitCode::Ok)
}
