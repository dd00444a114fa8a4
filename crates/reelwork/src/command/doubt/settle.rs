use std::time::Duration;

use daemon::{Config, ExitCode};
use job::{EventSource, Fact, Record, State, Step, transition};
use ports::{
    AccountTask, Announcer, Clock, Destination, Fence, Ledger, PermitReturn, Session, Stored,
    Swapped, journal_message, whole,
};

use super::list::doubt_of;
use crate::command::{member, named::Named};
use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;
use crate::roles;
use crate::view::JobView;

/// The record, if it is one that a person may settle.
pub(super) async fn in_doubt(ledger: &dyn Ledger, named: &Named) -> Result<Stored, Failure> {
    let id = &named.key().id;
    let stored = named.load(ledger).await?;
    let stored = stored.ok_or_else(|| Failure::NotFound(format!("{id} is not known")))?;
    match doubt_of(&stored.record.state) {
        Some(_) => Ok(stored),
        None if is_in_question(&stored.record) => Ok(stored),
        None => {
            let state = stored.record.state.word();
            Err(Failure::Other(format!("{id} is not in doubt: it is {state}")))
        }
    }
}

/// The provider has it, and denies it or does not end it.
fn is_in_question(record: &Record) -> bool {
    matches!(record.state, State::Pending { .. }) && record.may_be_gone()
}

/// Writes what a person knows or decides.
pub(super) async fn by(
    config: &Config,
    named: &Named,
    fact: Fact,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let doors = Doors::open(config).await?;
    let session = member::join(config, &doors, output).await?;
    let written = write(config, &doors, &session, named, fact).await;
    session.leave().await;
    let record = written?;
    let view = JobView::of(&record);
    output.result(&view, || view.words());
    Ok(ExitCode::Ok)
}

async fn write(
    config: &Config,
    doors: &Doors,
    session: &Session,
    named: &Named,
    fact: Fact,
) -> Result<Record, Failure> {
    let fence = session.fence();
    let announcer = Announcer { source: EventSource::of_installation(&config.ledger.namespace) };
    loop {
        let stored = in_doubt(doors.ledger.as_ref(), named).await?;
        if let Fact::Accepted { task_id, .. } = &fact {
            own(doors.ledger.as_ref(), &fence, &stored.record, task_id).await?;
        }
        let step = transition(stored.record, fact.clone(), session.moment(), &roles::rules(config))
            .map_err(|illegal| Failure::Other(illegal.to_string()))?;
        let Some(record) = whole(doors.ledger.as_ref(), stored.version, step.record).await? else {
            continue;
        };
        let step = Step { record, effects: step.effects };
        let write = announcer.write(&step, session.now(), Duration::ZERO)?;
        // A poller that was faster may have settled it: then the next look tells.
        if let Swapped::Done(_) = doors.ledger.swap(&fence, stored.version, write).await? {
            release(doors.ledger.as_ref(), &fence, &step).await?;
            let line = journal_message(&fence.generation, session.now(), &step.record, None)?;
            doors.broker.publish(&Destination::Journal, line).await?;
            return Ok(step.record);
        }
    }
}

async fn own(
    ledger: &dyn Ledger,
    fence: &Fence,
    record: &Record,
    task_id: &str,
) -> Result<(), Failure> {
    let task = AccountTask { account: record.account.clone(), id: task_id.to_owned() };
    match ledger.claim_task(fence, &task, &record.key, record.round).await? {
        true => Ok(()),
        false => Err(Failure::Other(format!("task {task_id} is another job's"))),
    }
}

async fn release(ledger: &dyn Ledger, fence: &Fence, step: &Step) -> Result<(), Failure> {
    Ok(ledger.give_permits(fence, &PermitReturn::of(step)).await?)
}
