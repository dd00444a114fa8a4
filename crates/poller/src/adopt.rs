//! Jobs whose messages RabbitMQ dead-lettered: writes their record, event and journal line.

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

/// Wait after the broker or the ledger failed.
const REST: Duration = Duration::from_secs(2);

/// While the ledger is rebuilt. Short: jobs that may have been sent take their slots first.
const REBUILD: Duration = Duration::from_millis(200);

/// A missing queue that the broker's permissions forbid to declare may be missing for long.
const RECONSUME: Duration = Duration::from_secs(15);

/// How often one message is tried again because its record has changed.
const TRIES: usize = 4;

pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    while shared.settings.adopts && !stop.is_cancelled() {
        let wait = turn(&shared, &stop).await;
        stop.run_until_cancelled(shared.clock.sleep(wait)).await.unwrap_or_default();
    }
}

/// Consumes until the broker ends it. Returns the wait before the next attempt.
async fn turn(shared: &Shared, stop: &CancellationToken) -> Duration {
    // Before this phase a record may be missing although its job is known.
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

/// Consumes until the broker ends it, the ledger is rebuilt or the poller stops.
async fn take(shared: &Shared, mut deliveries: Box<dyn Deliveries>, stop: &CancellationToken) {
    while let Some(Some(letter)) = stop.run_until_cancelled(deliveries.next()).await {
        if shared.session.phase() < Phase::Recalling {
            drop(letter);
            return;
        }
        if let Err(error) = handle(shared, letter).await {
            tracing::warn!(%error, "a letter of the broker is not adopted yet");
            // Not returned: a message that always fails must not block those already received.
            stop.run_until_cancelled(shared.clock.sleep(REST)).await.unwrap_or_default();
        }
    }
}

/// If this fails, the broker delivers the message again.
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
            conclude(shared, &fence, stored, &possible_accounts(shared, &read), fact).await
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
    let accounts = possible_accounts(shared, read);
    let letter = Letter {
        death: Death::of_word(letter.message.get(header::DEATH).unwrap_or_default()),
        hash: hash.as_ref(),
        put_back: letter.message.reached() > Reached::Nothing,
        life: life.as_ref(),
        enqueued: enqueued(shared, letter),
        began_at: fence.generation.began_at,
        accounts: &accounts,
    };
    adopt(found.map(|stored| &stored.record), letter)
}

/// `None` if the message is not a job and contains no id.
fn new_record(shared: &Shared, letter: &Delivery, read: &Read) -> Option<Record> {
    match read {
        Ok(job) => Some(record(shared, letter, job)),
        Err(bad) => bad_record(shared, letter, bad),
    }
}

async fn begin(shared: &Shared, fence: &Fence, record: Record, fact: Fact) -> Result<Tried, Error> {
    let plan = shared.recorder.writer().plan(record, fact)?;
    shared.recorder.writer().hold_for(fence, &plan).await?;
    match shared.adopted.create(fence, plan).await? {
        Applied::Done(record) => {
            tracing::warn!(job = %record.key, state = record.state.word(), "the broker gave its message up");
            Ok(Tried::Done)
        }
        Applied::Changed(_) => Ok(Tried::Again),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}

/// If a loss has left the record behind, it may have been sent since, with any of these accounts.
async fn conclude(
    shared: &Shared,
    fence: &Fence,
    there: Stored,
    possible: &[String],
    fact: Fact,
) -> Result<Tried, Error> {
    let plan = shared.recorder.writer().plan(there.record.left_behind(possible), fact)?;
    shared.recorder.writer().hold_for(fence, &plan).await?;
    recording::write(shared, fence, there.version, plan, None).await?;
    Ok(Tried::Again)
}

fn enqueued(shared: &Shared, letter: &Delivery) -> Option<Timestamp> {
    letter.message.enqueued_at().and_then(|told| told.plausible(shared.clock.now()))
}

fn record(shared: &Shared, letter: &Delivery, job: &Job) -> Record {
    let (settings, message) = (&shared.settings, &letter.message);
    let now = shared.clock.now();
    let accounts = shared.rules.possible(&job.key.tenant, job.account.as_deref());
    let account = accounts.first().unwrap_or(&settings.account);
    let record = Record::new(job, account, &settings.rules.installation, now);
    let mut record = record.sent_with_one_of(&accounts);
    record.slots = slots(job);
    if let Some(life) = message.life() {
        record = record.in_life(life, &settings.rules.installation);
    }
    record.enqueued_at = enqueued(shared, letter);
    let trace = message.trace_context();
    (record.traceparent, record.tracestate) = (trace.traceparent, trace.tracestate);
    record
}

/// The accounts that the job may have been sent with.
fn possible_accounts(shared: &Shared, read: &Read) -> Vec<String> {
    let of = |job: &Job| shared.rules.possible(&job.key.tenant, job.account.as_deref());
    read.as_ref().map(of).unwrap_or_default()
}

/// The record for a message that is not a job; `None` if it contains no id.
fn bad_record(shared: &Shared, letter: &Delivery, bad: &BadJob) -> Option<Record> {
    let now = shared.clock.now();
    let key = bad.key.clone()?;
    Some(Record::of_bad_job(bad, key, &letter.message.body, now))
}

/// Replaces a record without the job's data by one that has them.
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
    shared.recorder.writer().hold_for(fence, &plan).await?;
    recording::write(shared, fence, there.version, plan, None).await?;
    Ok(Tried::Again)
}

/// The process that adopted it may have died before it wrote the journal line.
async fn leave(shared: &Shared, found: Option<Stored>) -> Result<Tried, Error> {
    let Some(stored) = found else { return Ok(Tried::Done) };
    match shared.recorder.journal_again(stored).await? {
        Applied::Done(_) => Ok(Tried::Done),
        Applied::Changed(_) => Ok(Tried::Again),
        Applied::Illegal(illegal) => Err(illegal.into()),
    }
}
