use std::time::Duration;

use daemon::{Config, ExitCode};
use job::{EventSource, Fact, JobKey, Moment, Record, State, transition};
use ports::{
    Announcer, Clock, Created, Destination, Session, Stored, Swapped, Write, journal_message,
};

use super::member;
use super::named::Named;
use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;
use crate::roles;
use crate::view::{JobView, Unseen};

/// Cancels what has not been submitted. Kling has no way to stop a task: one that was
/// submitted goes on, is billed, and is announced like any other.
pub(crate) async fn run(
    config: &Config,
    named: &Named,
    ahead: bool,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let doors = Doors::open(config).await?;
    let session = member::join(config, &doors, output).await?;
    let done = cancel(config, &doors, &session, named).await;
    session.leave().await;
    Ok(match done? {
        Cancelled::Job(record) => tell(&record, output),
        Cancelled::Unseen(key) => unseen(&key, ahead, output),
        Cancelled::TooLate(record) => too_late(&record, output),
    })
}

enum Cancelled {
    Job(Box<Record>),
    /// No worker has seen it: should it come, it is cancelled.
    Unseen(JobKey),
    TooLate(Box<Record>),
}

async fn cancel(
    config: &Config,
    doors: &Doors,
    session: &Session,
    named: &Named,
) -> Result<Cancelled, Failure> {
    let (fence, now) = (session.fence(), session.now());
    let key = named.resolve(doors.ledger.as_ref()).await?;
    let (record, outbox) = (Record::tombstone(key, now), Vec::new());
    let tombstone = Write { record, due: None, outbox, outbox_lease: Duration::ZERO };
    if let Created::New = doors.ledger.create(&fence, tombstone.clone()).await? {
        journal(doors, session, &tombstone.record).await?;
        return Ok(Cancelled::Unseen(tombstone.record.key));
    }
    while let Some(present) = doors.ledger.load_whole(&tombstone.record.key).await? {
        // A tombstone is settled by the delivery that meets it, with the job's own words.
        if matches!(present.record.state, State::Tombstone) {
            return Ok(Cancelled::Unseen(present.record.key));
        }
        let Some(step) = cancelled(config, &present, session.moment()) else {
            return Ok(Cancelled::TooLate(Box::new(present.record)));
        };
        let source = EventSource::of_installation(&config.ledger.namespace);
        let write = Announcer { source }.write(&step, now, Duration::ZERO)?;
        if let Swapped::Done(_) = doors.ledger.swap(&fence, present.version, write).await? {
            journal(doors, session, &step.record).await?;
            return Ok(Cancelled::Job(Box::new(step.record)));
        }
    }
    Err(Failure::NotFound("the job has expired".into()))
}

/// So that a ledger that is lost right after remembers it.
async fn journal(doors: &Doors, session: &Session, record: &Record) -> Result<(), Failure> {
    let line = journal_message(&session.fence().generation, session.now(), record, None)?;
    Ok(doors.broker.publish(&Destination::Journal, line).await?)
}

fn cancelled(config: &Config, present: &Stored, moment: Moment) -> Option<job::Step> {
    transition(present.record.clone(), Fact::CancelRequested, moment, &roles::rules(config)).ok()
}

fn tell(record: &Record, output: &Output) -> ExitCode {
    let view = JobView::of(record);
    output.result(&view, || view.words());
    if !record.state.is_final() {
        output.complain(&format!(
            "{} may have been sent before the ledger lost its memory: it is cancelled when its \
             message shows that it was not",
            record.key.id
        ));
    }
    ExitCode::Ok
}

/// Nobody can tell a job that waits in the broker from a wrong id.
fn unseen(key: &JobKey, ahead: bool, output: &Output) -> ExitCode {
    let view = Unseen::cancelled(key);
    output.result(&view, || format!("{key}  unseen"));
    if ahead {
        return ExitCode::Ok;
    }
    output.complain(&format!(
        "no worker has seen {} of tenant {}: if it waits in the broker, it is cancelled when it \
         comes (--ahead says that you know)",
        key.id, key.tenant
    ));
    ExitCode::NotFound
}

fn too_late(record: &Record, output: &Output) -> ExitCode {
    let view = JobView::of(record);
    output.result(&view, || view.words());
    output.complain(&match record.state.is_final() {
        true => format!("{} has already ended: {}", record.key.id, record.state.word()),
        false => format!(
            "{} is {}: the provider cannot stop a task, so it goes on and is billed",
            record.key.id,
            record.state.word()
        ),
    });
    ExitCode::Failure
}
