use std::time::Duration;

use daemon::{Config, ExitCode};
use job::{EventSource, Fact, JobKey, Moment, Record, Rules, State, transition};
use ports::{
    Announcer, Clock, Created, Destination, Session, Stored, Swapped, Write, journal_message,
};

use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;
use crate::view::JobView;

/// Cancels what has not been submitted. Kling has no way to stop a task: one that was
/// submitted goes on, is billed, and is announced like any other.
pub(crate) async fn run(
    config: &Config,
    key: JobKey,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let doors = Doors::open(config).await?;
    let session = doors.join().await?;
    let done = cancel(config, &doors, &session, key, output).await;
    session.leave().await;
    done
}

async fn cancel(
    config: &Config,
    doors: &Doors,
    session: &Session,
    key: JobKey,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let now = session.now();
    let tombstone = Write {
        record: Record::tombstone(key, now),
        due: None,
        outbox: Vec::new(),
        outbox_lease: Duration::ZERO,
    };
    let fence = session.fence();
    let mut present = match doors.ledger.create(&fence, tombstone.clone()).await? {
        Created::New => {
            journal(doors, session, &tombstone.record).await?;
            told(&tombstone.record, output);
            return Ok(ExitCode::Ok);
        }
        Created::Exists(stored) => *stored,
    };
    loop {
        let Some(record) = cancelled(config, &present, session.moment()) else {
            return Ok(too_late(&present.record, output));
        };
        let announcer =
            Announcer { source: EventSource::of_installation(&config.ledger.namespace) };
        let write = announcer.write(&record, now, Duration::ZERO);
        match doors.ledger.swap(&fence, present.version, write).await? {
            Swapped::Done(_) => {
                journal(doors, session, &record.record).await?;
                told(&record.record, output);
                return Ok(ExitCode::Ok);
            }
            Swapped::Stale(Some(stored)) => present = *stored,
            Swapped::Stale(None) => return Err(Failure::NotFound("the job has expired".into())),
        }
    }
}

/// So that a ledger that is lost right after remembers it.
async fn journal(doors: &Doors, session: &Session, record: &Record) -> Result<(), Failure> {
    let line = journal_message(&session.fence().generation, session.now(), record, None);
    Ok(doors.broker.publish(&Destination::Journal, line).await?)
}

fn cancelled(config: &Config, present: &Stored, moment: Moment) -> Option<job::Step> {
    let rules = Rules { installation: config.ledger.namespace.clone(), ..Rules::default() };
    // A tombstone is settled by the delivery that meets it, with the job's own words.
    if matches!(present.record.state, State::Tombstone) {
        return Some(job::Step { record: present.record.clone(), effects: Vec::new() });
    }
    transition(present.record.clone(), Fact::CancelRequested, moment, &rules).ok()
}

fn told(record: &Record, output: &Output) {
    let view = JobView::of(record);
    output.result(&view, || format!("{}  cancelled", record.key.id));
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
