use daemon::{Config, ExitCode};
use job::Record;
use operator::Decision;
use ports::{Ledger, Stored};

use crate::command::{member::Member, named::Named};
use crate::error::Error;
use crate::output::Output;
use crate::view::PrintedJob;

/// The record, if it is one that an operator may settle.
pub(super) async fn in_question(ledger: &dyn Ledger, named: &Named) -> Result<Stored, Error> {
    let stored = named.load(ledger).await?;
    Ok(operator::in_question(named.key(), stored)?)
}

/// Writes the decision of an operator.
pub(super) async fn by(
    config: &Config,
    named: &Named,
    decision: Decision,
    output: &Output,
) -> Result<ExitCode, Error> {
    let member = Member::join(config, output).await?;
    let settled = settle(&member, named, &decision).await;
    member.leave().await;
    let record = settled?;
    let view = PrintedJob::of(&record);
    output.result(&view, || view.words());
    Ok(ExitCode::Ok)
}

async fn settle(member: &Member, named: &Named, decision: &Decision) -> Result<Box<Record>, Error> {
    let key = named.resolve(member.backends.ledger.as_ref()).await?;
    Ok(member.operator.settle_doubt(&key, decision).await?)
}
