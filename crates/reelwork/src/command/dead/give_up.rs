//! `dead drop`: the letter goes, and the job that was parked with it ends.

use daemon::Config;
use job::{EventSource, Fact, transition};
use ports::{Announcer, Clock, Destination, Session, Swapped, journal_message};
use std::time::Duration;

use super::letter;
use super::reader::Held;
use crate::doors::Doors;
use crate::failure::Failure;
use crate::roles;

/// The job first: a letter that is left behind by a crash can be dropped again.
pub(super) async fn one(
    config: &Config,
    doors: &Doors,
    session: &Session,
    held: Held,
) -> Result<(), Failure> {
    end_its_job(config, doors, session, &held).await?;
    Ok(held.delivery.ack().await?)
}

async fn end_its_job(
    config: &Config,
    doors: &Doors,
    session: &Session,
    held: &Held,
) -> Result<(), Failure> {
    let Some(key) = letter::identity(&held.delivery) else { return Ok(()) };
    let (dead_letter, fence) = (letter::of(held), session.fence());
    let announcer = Announcer { source: EventSource::of_installation(&config.ledger.namespace) };
    while let Some(stored) = doors.ledger.load(&key).await? {
        if !dead_letter.ends(&stored.record) {
            break;
        }
        let rules = roles::rules(config);
        let step = transition(stored.record, Fact::Dropped, session.moment(), &rules)
            .map_err(|illegal| Failure::Other(illegal.to_string()))?;
        let write = announcer.write(&step, session.now(), Duration::ZERO)?;
        if let Swapped::Done(_) = doors.ledger.swap(&fence, stored.version, write).await? {
            let line = journal_message(&fence.generation, session.now(), &step.record, None)?;
            doors.broker.publish(&Destination::Journal, line).await?;
            break;
        }
    }
    Ok(())
}
