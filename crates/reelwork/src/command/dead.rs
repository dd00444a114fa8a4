//! Messages that could not be done: shown, published again, or given up.

mod give_up;
mod letter;
mod reader;
mod replay;

use std::sync::Arc;

use daemon::{Config, ExitCode};
use ports::Broker;
use serde_json::{Value, json};

use self::reader::{Held, Reader};
use self::replay::Done;
use super::{confirm, member};
use crate::cli::{Dead, Which};
use crate::doors::Doors;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) async fn run(
    action: Dead,
    config: &Config,
    output: &Output,
) -> Result<ExitCode, Failure> {
    match action {
        Dead::List { limit } => list(&Doors::open_broker(config).await?, limit, output).await,
        Dead::Show { id } => show(&Doors::open_broker(config).await?, &id, output).await,
        Dead::Drop { which } => discard(config, &which, output).await,
        Dead::Replay { which } => replay(config, &which, output).await,
    }
}

async fn list(
    broker: &Arc<dyn Broker>,
    limit: usize,
    output: &Output,
) -> Result<ExitCode, Failure> {
    let mut reader = Reader::open(broker, limit as u64).await?;
    // Kept until the end: a letter given back at once would be read again.
    let mut seen = Vec::new();
    while let Some(held) = reader.next().await {
        let row = letter::row(&held);
        output.result(&row, || words(&row));
        seen.push(held);
    }
    reader.close(seen).await;
    Ok(ExitCode::Ok)
}

fn words(row: &Value) -> String {
    let word = |name: &str| row[name].as_str().filter(|text| !text.is_empty()).unwrap_or("-");
    let id = [word("job_id"), word("id")].into_iter().find(|id| *id != "-").unwrap_or("-");
    format!("{}  {id}  {}  {}", word("letter"), word("reason"), word("detail"))
}

async fn show(broker: &Arc<dyn Broker>, id: &str, output: &Output) -> Result<ExitCode, Failure> {
    let mut reader = Reader::open(broker, u64::MAX).await?;
    let (found, others) = reader.sort(|held| letter::is(held, id)).await;
    for held in &found {
        let message = &held.delivery.message;
        let mut row = letter::row(held);
        row["headers"] = json!(message.headers);
        row["body"] = Value::from(String::from_utf8_lossy(&message.body).into_owned());
        output.json(&row);
    }
    let none = found.is_empty();
    reader.close(found.into_iter().chain(others).collect()).await;
    match none {
        false => Ok(ExitCode::Ok),
        true => Err(Failure::NotFound(format!("no dead message has the id {id}"))),
    }
}

/// Those that are asked for, once whoever asks knows how many these are.
async fn taken(
    doors: &Doors,
    which: &Which,
    what: &str,
) -> Result<(Reader, Vec<Held>, Vec<Held>), Failure> {
    let mut reader = Reader::open(&doors.broker, u64::MAX).await?;
    let (found, others) = reader.sort(|held| wanted(held, which)).await;
    if found.is_empty() && !which.all {
        reader.close(others).await;
        return Err(Failure::NotFound("no dead message has such an id".to_owned()));
    }
    let named = !which.all && found.len() <= which.ids.len();
    let ask = format!("{what} {} dead messages", found.len());
    if !found.is_empty() && !named && !confirm::agreed(which.yes, &ask) {
        reader.close(found.into_iter().chain(others).collect()).await;
        return Err(confirm::refused(&ask));
    }
    Ok((reader, found, others))
}

async fn discard(config: &Config, which: &Which, output: &Output) -> Result<ExitCode, Failure> {
    let doors = Doors::open(config).await?;
    let session = member::join(config, &doors, output).await?;
    let done = discarded(config, &doors, &session, which).await;
    session.leave().await;
    finish("dropped", done?, output)
}

async fn discarded(
    config: &Config,
    doors: &Doors,
    session: &ports::Session,
    which: &Which,
) -> Result<u64, Failure> {
    let what = "this deletes for good, and ends the jobs that were parked with them:";
    let (reader, found, others) = taken(doors, which, what).await?;
    let count = found.len() as u64;
    for held in found {
        give_up::one(config, doors, session, held).await?;
    }
    reader.close(others).await;
    Ok(count)
}

async fn replay(config: &Config, which: &Which, output: &Output) -> Result<ExitCode, Failure> {
    let doors = Doors::open(config).await?;
    let session = member::join(config, &doors, output).await?;
    let done = replayed(config, &doors, &session, which, output).await;
    session.leave().await;
    finish("replayed", done?, output)
}

async fn replayed(
    config: &Config,
    doors: &Doors,
    session: &ports::Session,
    which: &Which,
    output: &Output,
) -> Result<u64, Failure> {
    let what = "this submits, and pays for, the jobs of";
    let (reader, found, mut others) = taken(doors, which, what).await?;
    let mut count = 0;
    for held in found {
        let id = shown(&held);
        match replay::one(config, doors, session, held).await? {
            Done::Replayed => count += 1,
            Done::Before => output.complain(&format!("{id} was replayed before: it is removed")),
            Done::Stays(held, why) => {
                output.complain(&format!("{id} stays: {why}"));
                others.push(*held);
            }
        }
    }
    reader.close(others).await;
    Ok(count)
}

/// As whoever published it calls it, or by its own name.
fn shown(held: &Held) -> String {
    let key = letter::identity(&held.delivery).map(|key| key.id.to_string());
    key.unwrap_or_else(|| held.name.clone())
}

fn wanted(held: &Held, which: &Which) -> bool {
    which.all || which.ids.iter().any(|id| letter::is(held, id))
}

fn finish(what: &str, count: u64, output: &Output) -> Result<ExitCode, Failure> {
    output.result(&json!({ what: count }), || format!("{what} {count}"));
    Ok(ExitCode::Ok)
}
