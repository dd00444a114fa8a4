use std::sync::Arc;
use std::time::Duration;

use daemon::{Config, ExitCode};
use job::{Fact, JobKey, MessageFacts, Rules, Timestamp, decode, transition};
use ports::{
    Broker, Clock, Deliveries, Delivery, Destination, Ledger, Message, Session, Source, Swapped,
    Write, header, journal_message,
};
use serde_json::{Value, json};

use crate::cli::{Dead, Which};
use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;

/// The dead letters are read by taking them all; what is not settled goes back.
const MOST: u64 = u16::MAX as u64;
/// Nothing more within this means that all were seen.
const QUIET: Duration = Duration::from_secs(2);

pub(crate) async fn run(
    action: Dead,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let broker = Doors::open_broker(config).await?;
    match action {
        Dead::List { limit } => list(&broker, limit, output).await,
        Dead::Show { id } => show(&broker, &id, output).await,
        Dead::Drop { which } => discard(&broker, &which, output).await,
        Dead::Replay { which } => replay(config, &which, output).await,
    }
}

/// Walks over what is there now, once.
struct Reader {
    deliveries: Box<dyn Deliveries>,
    left: u64,
}

impl Reader {
    async fn open(broker: &Arc<dyn Broker>) -> Result<Self, Failure> {
        let left = broker.depth(&Source::Dead).await?;
        let ahead = u16::try_from(left.clamp(1, MOST)).unwrap_or(u16::MAX);
        Ok(Self { deliveries: broker.consume(&Source::Dead, ahead).await?, left })
    }

    async fn next(&mut self) -> Option<Delivery> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        tokio::time::timeout(QUIET, self.deliveries.next()).await.ok().flatten()
    }

    /// Gives the others back and ends in order: only then has the broker every settlement.
    async fn close(mut self, others: Vec<Delivery>) {
        give_back(others).await;
        self.deliveries.cancel().await;
        while let Some(letter) = self.deliveries.next().await {
            give_back(vec![letter]).await;
        }
    }
}

async fn list(
    broker: &Arc<dyn Broker>,
    limit: usize,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let mut reader = Reader::open(broker).await?;
    // Kept until the end: a letter given back at once would be read again.
    let mut seen = Vec::new();
    while seen.len() < limit {
        let Some(letter) = reader.next().await else { break };
        let row = row(&letter);
        output.result(&row, || {
            format!("{}  {}  {}", word(&row, "id"), word(&row, "reason"), word(&row, "detail"))
        });
        seen.push(letter);
    }
    reader.close(seen).await;
    Ok(ExitCode::Ok)
}

async fn show(broker: &Arc<dyn Broker>, id: &str, output: &Output) -> Result<ExitCode, Failure> {
    let mut reader = Reader::open(broker).await?;
    let mut seen = Vec::new();
    let mut found = false;
    while let Some(letter) = reader.next().await {
        if is(&letter, id) {
            let mut row = row(&letter);
            row["headers"] = json!(letter.message.headers);
            row["body"] = Value::from(String::from_utf8_lossy(&letter.message.body).into_owned());
            output.line(&serde_json::to_string_pretty(&row).unwrap_or_default());
            found = true;
        }
        seen.push(letter);
    }
    reader.close(seen).await;
    match found {
        true => Ok(ExitCode::Ok),
        false => Err(Failure::NotFound(format!("no dead message has the id {id}"))),
    }
}

async fn discard(
    broker: &Arc<dyn Broker>,
    which: &Which,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let mut reader = Reader::open(broker).await?;
    let (mut others, mut dropped) = (Vec::new(), 0u64);
    while let Some(letter) = reader.next().await {
        if wanted(&letter, which) {
            letter.ack().await?;
            dropped += 1;
        } else {
            others.push(letter);
        }
    }
    reader.close(others).await;
    finish("dropped", dropped, which, output)
}

async fn replay(config: &Config, which: &Which, output: &Output) -> Result<ExitCode, Failure> {
    let doors = Doors::open(config).await?;
    let session = doors.join().await?;
    let mut reader = Reader::open(&doors.broker).await?;
    let (mut others, mut replayed) = (Vec::new(), 0u64);
    while let Some(letter) = reader.next().await {
        if !wanted(&letter, which) {
            others.push(letter);
        } else if letter.message.get(header::REASON) == Some("conflict") {
            let id = &letter.message.id;
            output.complain(&format!("{id} stays: its id belongs to another request"));
            others.push(letter);
        } else {
            revive(config, &doors.broker, &doors.ledger, &session, &letter).await?;
            publish_again(&doors.broker, letter).await?;
            replayed += 1;
        }
    }
    reader.close(others).await;
    session.leave().await;
    finish("replayed", replayed, which, output)
}

/// A record that has ended begins a new round: new external id, new events, a new payment.
async fn revive(
    config: &Config,
    broker: &Arc<dyn Broker>,
    ledger: &Arc<dyn Ledger>,
    session: &Session,
    letter: &Delivery,
) -> Result<(), Failure> {
    let Some(key) = identity(letter) else { return Ok(()) };
    let rules = Rules { installation: config.ledger.namespace.clone(), ..Rules::default() };
    let fence = session.fence();
    while let Some(stored) = ledger.load(&key).await? {
        // A message that never was a job has no round to repeat: the worker gives it its first.
        if !stored.record.was_a_job() {
            break;
        }
        let fact = Fact::Again { why: "replayed from the dead letters".to_owned() };
        let Ok(step) = transition(stored.record, fact, session.moment(), &rules) else {
            break;
        };
        // No requeue through the outbox: the letter itself is what is published again.
        let write = Write {
            record: step.record.clone(),
            due: None,
            outbox: Vec::new(),
            outbox_lease: QUIET,
        };
        if let Swapped::Done(_) = ledger.swap(&fence, stored.version, write).await? {
            let line = journal_message(&fence.generation, session.now(), &step.record, None);
            broker.publish(&Destination::Journal, line).await?;
            break;
        }
    }
    Ok(())
}

async fn publish_again(broker: &Arc<dyn Broker>, letter: Delivery) -> Result<(), Failure> {
    let mut message = letter.message.clone();
    let routing_key = original_key(&letter);
    for name in [header::REASON, header::DETAIL, header::ROUTING_KEY, header::DEAD_AT] {
        message.headers.remove(name);
    }
    // Counted as seen before: the worker then asks the ledger first.
    let message = message.header(header::RETRIES, "1");
    broker.publish(&Destination::Jobs { routing_key }, message).await?;
    Ok(letter.ack().await?)
}

fn original_key(letter: &Delivery) -> String {
    letter.message.get(header::ROUTING_KEY).unwrap_or(&letter.routing_key).to_owned()
}

fn identity(letter: &Delivery) -> Option<JobKey> {
    let facts = MessageFacts { message_id: Some(&letter.message.id), routing_key: None };
    match decode(&letter.message.body, facts) {
        Ok(job) => Some(job.key),
        Err(bad) => bad.key,
    }
}

fn row(letter: &Delivery) -> Value {
    let message = &letter.message;
    let at = message.number(header::DEAD_AT).map(Timestamp::from_millis);
    let key = identity(letter);
    json!({
        "id": message.id,
        "job_id": key.as_ref().map(|key| key.id.to_string()),
        "tenant": key.as_ref().map(|key| key.tenant.to_string()),
        "reason": reason(message),
        "detail": message.get(header::DETAIL),
        "routing_key": original_key(letter),
        "dead_at": at.map(|at| at.to_string()),
        "bytes": message.body.len(),
    })
}

/// Ours, or the broker's own.
fn reason(message: &Message) -> &str {
    let known = message.get(header::REASON).or_else(|| message.get(header::DEATH));
    known.unwrap_or("dead_lettered")
}

fn word<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or("-")
}

fn is(letter: &Delivery, id: &str) -> bool {
    letter.message.id == id || identity(letter).is_some_and(|key| key.id.as_str() == id)
}

fn wanted(letter: &Delivery, which: &Which) -> bool {
    which.all || which.ids.iter().any(|id| is(letter, id))
}

async fn give_back(letters: Vec<Delivery>) {
    for letter in letters {
        // A letter that cannot be given back now comes back with the connection.
        drop(letter.requeue().await);
    }
}

fn finish(what: &str, count: u64, which: &Which, output: &Output) -> Result<ExitCode, Failure> {
    if count == 0 && !which.all {
        return Err(Failure::NotFound("no dead message has such an id".to_owned()));
    }
    output.result(&json!({ what: count }), || format!("{what} {count}"));
    Ok(ExitCode::Ok)
}
