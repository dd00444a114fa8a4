//! `dead replay`: a letter is published again, in a new round where its job has ended.

use std::time::Duration;

use daemon::Config;
use job::{Fact, JobKey, Reason, Replay, Stays, transition};
use ports::{
    Broker, Clock, Delivery, Destination, Session, Swapped, Write, header, journal_message, whole,
};

use super::letter;
use super::reader::Held;
use crate::doors::Doors;
use crate::failure::Failure;
use crate::roles;

/// What became of a letter.
pub(super) enum Done {
    Replayed,
    /// Its round was begun before.
    Before,
    /// Left where it is, and why.
    Stays(Box<Held>, &'static str),
}

pub(super) async fn one(
    config: &Config,
    doors: &Doors,
    session: &Session,
    held: Held,
) -> Result<Done, Failure> {
    if held.delivery.message.get(header::REASON).is_some_and(Reason::is_conflict) {
        return Ok(Done::Stays(Box::new(held), why(Stays::Conflict)));
    }
    let answer = match letter::identity(&held.delivery) {
        Some(key) => begin(config, doors, session, &held, &key).await?,
        None => Replay::Publish,
    };
    match answer {
        Replay::Publish | Replay::Begin => {
            publish_again(doors.broker.as_ref(), held.delivery).await?;
            Ok(Done::Replayed)
        }
        Replay::Done => {
            held.delivery.ack().await?;
            Ok(Done::Before)
        }
        Replay::Stays(stays) => Ok(Done::Stays(Box::new(held), why(stays))),
    }
}

fn why(stays: Stays) -> &'static str {
    match stays {
        Stays::Conflict => "its id belongs to another request",
        Stays::UnderWay => "its job is under way",
        Stays::InDoubt => {
            "its job may have been submitted: `reelwork doubt list` shows it, and `doubt attach`, \
             `resubmit` or `fail` settles it"
        }
        Stays::Outdated => "its job has gone on since: `reelwork why` tells how",
        Stays::Forgotten => {
            "its job ended so long ago that it was forgotten: it may have been done. Publish it \
             under another id to have it done (again)"
        }
    }
}

/// A record that has ended begins a new round: new external id, new events, a new payment.
async fn begin(
    config: &Config,
    doors: &Doors,
    session: &Session,
    held: &Held,
    key: &JobKey,
) -> Result<Replay, Failure> {
    let (dead_letter, fence) = (letter::of(held), session.fence());
    loop {
        let stored = doors.ledger.load(key).await?;
        let record = stored.as_ref().map(|stored| &stored.record);
        let answer = dead_letter.replay(record, session.now(), config.ledger.retention);
        let (Replay::Begin, Some(stored)) = (answer, stored) else { return Ok(answer) };
        let fact = Fact::Replayed { letter: dead_letter.handle.clone() };
        let step = transition(stored.record, fact, session.moment(), &roles::rules(config))
            .map_err(|illegal| Failure::Other(illegal.to_string()))?;
        let Some(record) = whole(doors.ledger.as_ref(), stored.version, step.record).await? else {
            continue;
        };
        let outbox = Vec::new();
        let write =
            Write { record: record.clone(), due: None, outbox, outbox_lease: Duration::ZERO };
        if let Swapped::Done(_) = doors.ledger.swap(&fence, stored.version, write).await? {
            let line = journal_message(&fence.generation, session.now(), &record, None)?;
            doors.broker.publish(&Destination::Journal, line).await?;
            return Ok(Replay::Begin);
        }
    }
}

async fn publish_again(broker: &dyn Broker, delivery: Delivery) -> Result<(), Failure> {
    let mut message = delivery.message.clone();
    let routing_key = letter::original_key(&delivery);
    message.headers.retain(|name, _| !is_of_its_death(name));
    // Counted as seen before: the worker then asks the ledger first.
    let message = message.header(header::RETRIES, "1");
    broker.publish(&Destination::Jobs { routing_key }, message).await?;
    Ok(delivery.ack().await?)
}

fn is_of_its_death(name: &str) -> bool {
    let ours =
        [header::REASON, header::DETAIL, header::ROUTING_KEY, header::DEAD_AT, header::DEATH];
    let brokers = ["x-first-death-", "x-last-death-"];
    ours.contains(&name) || brokers.iter().any(|prefix| name.starts_with(prefix))
}
