//! Jobs whose messages the broker itself has given up: record, event and journal follow.

use std::sync::Arc;
use std::time::Duration;

use job::{
    Adoption, BadJob, Death, Fact, Job, JobKey, Letter, MessageFacts, Reached, Record, RetryDelay,
    Timestamp, adopt, decode,
};
use ports::{BrokerError, Deliveries, Delivery, Fence, Source, Stored, header};
use recorder::{Applied, Phase};
use tokio_util::sync::CancellationToken;
use validation::{slots, with_text};

use crate::recording::{self, Error};
use crate::shared::Shared;

const PREFETCH: u16 = 16;

/// After a store that did not do its part.
const REST: Duration = Duration::from_secs(2);

/// While the ledger is being rebuilt: what may have been sent takes its slot before others do.
const REBUILD: Duration = Duration::from_millis(200);

/// A topology that nobody may change can lack the queue for long.
const RECONSUME: Duration = Duration::from_secs(15);

/// How often a record may change under our eyes before the letter is looked at anew.
const TRIES: usize = 4;

pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    while shared.settings.adopts && !stop.is_cancelled() {
        let wait = turn(&shared, &stop).await;
        stop.run_until_cancelled(shared.clock.sleep(wait)).await.unwrap_or_default();
    }
}

/// Until the broker ends it; then it is asked again after this.
async fn turn(shared: &Shared, stop: &CancellationToken) -> Duration {
    // Before that a record may be missing although its job is known.
    if shared.session.phase() < Phase::Recalling {
        return REBUILD;
    }
    match shared.broker.consume(&Source::BrokerDead, PREFETCH).await {
        Ok(deliveries) => {
            take(shared, deliveries, stop).await;
            REST
        }
        Err(error) => {
            tracing::debug!(%error, "what the broker gives up cannot be read");
            match error {
                BrokerError::Unavailable(_) => REST,
                BrokerError::Denied(_) | BrokerError::Differs(_) => RECONSUME,
            }
        }
    }
}

/// Until the broker ends it, the ledger is rebuilt or the poller stops.
async fn take(shared: &Shared, mut deliveries: Box<dyn Deliveries>, stop: &CancellationToken) {
    while let Some(Some(letter)) = stop.run_until_cancelled(deliveries.next()).await {
        if shared.session.phase() < Phase::Recalling {
            drop(letter);
            return;
        }
        if let Err(error) = handle(shared, letter).await {
            tracing::warn!(%error, "a letter of the broker is not adopted yet");
            // One that never can be must not keep the others: they are in our hands already.
            stop.run_until_cancelled(shared.clock.sleep(REST)).await.unwrap_or_default();
        }
    }
}

/// Dropped on the way, the letter comes again.
async fn handle(shared: &Shared, letter: Delivery) -> Result<(), Error> {
    for _ in 0..TRIES {
        match one_try(shared, &letter).await? {
            Tried::Done => return Ok(letter.ack().await?),
            Tried::PutBack => {
                let later =
                    letter.later(shared.broker.as_ref(), RetryDelay::OneSecond, Reached::Ledger);
                return Ok(later.await?);
            }
            Tried::Again => {}
        }
    }
    Ok(letter.requeue().await?)
}

enum Tried {
    Done,
    PutBack,
    /// The record has changed.
    Again,
}

async fn one_try(shared: &Shared, letter: &Delivery) -> Result<Tried, Error> {
    let fence = shared.session.fence();
    let read = read(letter);
    let found = match key(&read) {
        Some(key) => shared.ledger.load(key).await?,
        None => None,
    };
    let adoption = judge(shared, &fence, letter, &read, found.as_ref());
    let new = || new_record(shared, letter, &read);
    match (adoption, found) {
        (Adoption::Begin(fact), _) => match new() {
            Some(record) => begin(shared, &fence, record, fact).await,
            None => Ok(Tried::Done),
        },
        (Adoption::Fill(fact), Some(there)) => match new() {
            Some(record) => fill(shared, &fence, there, record, fact).await,
            None => Ok(Tried::Done),
        },
        (Adoption::Conclude(fact), Some(stored)) => {
            recording::record(shared, &fence, stored, fact, None).await?;
            Ok(Tried::Again)
        }
        (Adoption::PutBack, _) => Ok(Tried::PutBack),
        (Adoption::Leave, found) => leave(shared, found).await,
        (Adoption::Conclude(_) | Adoption::Fill(_), None) => Ok(Tried::Again),
    }
}

type Read = Result<Job, Box<BadJob>>;

fn read(letter: &Delivery) -> Read {
    let facts = MessageFacts {
        message_id: Some(letter.message.id.as_str()).filter(|id| !id.is_empty()),
        routing_key: Some(&letter.routing_key),
    };
    decode(&letter.message.body, facts).map(with_text)
}

fn key(read: &Read) -> Option<&JobKey> {
    match read {
        Ok(job) => Some(&job.key),
        Err(bad) => bad.key.as_ref(),
    }
}

fn judge(
    shared: &Shared,
    fence: &Fence,
    letter: &Delivery,
    read: &Read,
    found: Option<&Stored>,
) -> Adoption {
    let (hash, life) = (read.as_ref().ok().map(|job| job.request.hash()), letter.message.life());
    let letter = Letter {
        death: Death::of_word(letter.message.get(header::DEATH).unwrap_or_default()),
        hash: hash.as_ref(),
        put_back: letter.message.reached() > Reached::Nothing,
        life: life.as_ref(),
        enqueued: enqueued(shared, letter),
        began_at: fence.generation.began_at,
    };
    adopt(found.map(|stored| &stored.record), letter)
}

/// `None` for what is no job and names no id either.
fn new_record(shared: &Shared, letter: &Delivery, read: &Read) -> Option<Record> {
    match read {
        Ok(job) => Some(record(shared, letter, job)),
        Err(bad) => bad_record(shared, letter, bad),
    }
}

async fn begin(shared: &Shared, fence: &Fence, record: Record, fact: Fact) -> Result<Tried, Error> {
    let plan = shared.recorder.writer().plan(record, fact)?;
    hold(shared, fence, plan.record()).await?;
    match shared.adopted.create(fence, plan).await? {
        Applied::Done(record) => {
            tracing::warn!(job = %record.key, state = record.state.word(), "the broker gave its message up");
            Ok(Tried::Done)
        }
        Applied::Changed(_) => Ok(Tried::Again),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}

/// What may have been sent may be running.
async fn hold(shared: &Shared, fence: &Fence, next: &Record) -> Result<(), Error> {
    match next.holds_permit(next.round) {
        true => Ok(shared.recorder.writer().hold(fence, next).await?),
        false => Ok(()),
    }
}

fn enqueued(shared: &Shared, letter: &Delivery) -> Option<Timestamp> {
    letter.message.enqueued_at().and_then(|told| told.plausible(shared.clock.now()))
}

fn record(shared: &Shared, letter: &Delivery, job: &Job) -> Record {
    let (settings, message) = (&shared.settings, &letter.message);
    let now = shared.clock.now();
    let mut record = Record::new(job, &settings.account, &settings.rules.installation, now);
    record.slots = slots(job);
    if let Some(life) = message.life() {
        record = record.in_life(life, &settings.rules.installation);
    }
    record.enqueued_at = enqueued(shared, letter);
    let trace = message.trace_context();
    (record.traceparent, record.tracestate) = (trace.traceparent, trace.tracestate);
    record
}

/// What nobody can read as a job; `None` where it names no id either.
fn bad_record(shared: &Shared, letter: &Delivery, bad: &BadJob) -> Option<Record> {
    let now = shared.clock.now();
    let key = bad.key.clone()?;
    Some(Record::of_bad_job(bad, key, &letter.message.body, now))
}

/// The job's own words in the place of what told nothing of it.
async fn fill(
    shared: &Shared,
    fence: &Fence,
    there: Stored,
    record: Record,
    fact: Fact,
) -> Result<Tried, Error> {
    let is_cancelled = fact == Fact::CancelRequested;
    let record = match is_cancelled {
        true => record.cancelled_ahead(&there.record),
        false => record.over_tombstone(&there.record),
    };
    let plan = shared.recorder.writer().plan(record, fact)?;
    hold(shared, fence, plan.record()).await?;
    recording::write(shared, fence, there.version, plan, None).await?;
    Ok(Tried::Again)
}

/// Whoever adopted it before may have died before the journal knew.
async fn leave(shared: &Shared, found: Option<Stored>) -> Result<Tried, Error> {
    let Some(stored) = found else { return Ok(Tried::Done) };
    match shared.recorder.journal_again(stored).await? {
        Applied::Done(_) => Ok(Tried::Done),
        Applied::Changed(_) => Ok(Tried::Again),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}
