//! Dead letters: shown, published again, or deleted.

mod letter;
mod reader;

use std::sync::Arc;

use daemon::{Config, ExitCode};
use job::Stays;
use operator::{Letter, Replayed};
use ports::Broker;
use serde_json::{Value, json};

use self::reader::{Reader, SHARED};
use super::confirm;
use super::member::Member;
use crate::backends::Backends;
use crate::cli::{Dead, Which};
use crate::error::Error;
use crate::output::Output;

pub(crate) async fn run(action: Dead, config: &Config, output: &Output) -> Result<ExitCode, Error> {
    match action {
        Dead::List { limit } => list(&Backends::open_broker(config).await?, limit, output).await,
        Dead::Show { id } => show(&Backends::open_broker(config).await?, &id, output).await,
        Dead::Drop { which } => discard(config, &which, output).await,
        Dead::Replay { which } => replay(config, &which, output).await,
    }
}

async fn list(broker: &Arc<dyn Broker>, limit: usize, output: &Output) -> Result<ExitCode, Error> {
    let mut reader = Reader::open(broker, limit as u64).await?;
    // Kept until the end: a letter given back at once would be read again.
    let mut seen = Vec::new();
    while let Some(letter) = reader.next().await {
        let row = letter::row(&letter);
        output.result(&row, || words(&row));
        seen.push(letter);
    }
    let (none, shared) = (seen.is_empty(), reader.is_shared());
    reader.close(seen).await;
    match (shared, none) {
        (false, _) => {}
        (true, false) => output.complain(SHARED),
        (true, true) => return Err(Error::Unavailable(SHARED.to_owned())),
    }
    Ok(ExitCode::Ok)
}

fn words(row: &Value) -> String {
    let word = |name: &str| row[name].as_str().filter(|text| !text.is_empty()).unwrap_or("-");
    let id = [word("job_id"), word("id")].into_iter().find(|id| *id != "-").unwrap_or("-");
    format!("{}  {id}  {}  {}", word("letter"), word("reason"), word("detail"))
}

async fn show(broker: &Arc<dyn Broker>, id: &str, output: &Output) -> Result<ExitCode, Error> {
    let mut reader = Reader::open(broker, u64::MAX).await?;
    let (found, others) = reader.sort(|letter| letter::is(letter, id)).await;
    for letter in &found {
        let message = &letter.delivery.message;
        let mut row = letter::row(letter);
        row["headers"] = json!(message.headers);
        row["body"] = Value::from(String::from_utf8_lossy(&message.body).into_owned());
        output.json(&row);
    }
    let (none, shared) = (found.is_empty(), reader.is_shared());
    reader.close(found.into_iter().chain(others).collect()).await;
    match none {
        false => Ok(ExitCode::Ok),
        true => Err(missing(&format!("no dead message has the id {id}"), shared)),
    }
}

/// While another reader holds letters, a missing one may be among them.
fn missing(why: &str, shared: bool) -> Error {
    match shared {
        false => Error::NotFound(why.to_owned()),
        true => Error::Unavailable(format!("{why}; {SHARED}")),
    }
}

/// The letters that were requested, once the operator has confirmed their number.
async fn taken(
    backends: &Backends,
    which: &Which,
    what: &str,
    output: &Output,
) -> Result<(Reader, Vec<Letter>, Vec<Letter>), Error> {
    let mut reader = Reader::open(&backends.broker, u64::MAX).await?;
    let (found, others) = reader.sort(|letter| wanted(letter, which)).await;
    if found.is_empty() && !which.all {
        let shared = reader.is_shared();
        reader.close(others).await;
        return Err(missing("no dead message has such an id", shared));
    }
    if reader.is_shared() {
        output.complain(SHARED);
    }
    let named = !which.all && found.len() <= which.ids.len();
    let ask = format!("{what} {} dead messages", found.len());
    if !found.is_empty() && !named && !confirm::agreed(which.yes, &ask) {
        reader.close(found.into_iter().chain(others).collect()).await;
        return Err(confirm::refused(&ask));
    }
    Ok((reader, found, others))
}

async fn discard(config: &Config, which: &Which, output: &Output) -> Result<ExitCode, Error> {
    let member = Member::join(config, output).await?;
    let done = discarded(&member, which, output).await;
    member.leave().await;
    finish("dropped", done?, output)
}

async fn discarded(member: &Member, which: &Which, output: &Output) -> Result<u64, Error> {
    let what = "this deletes for good, and ends the jobs that were parked with them:";
    let (reader, found, others) = taken(&member.backends, which, what, output).await?;
    let count = found.len() as u64;
    for letter in found {
        member.operator.drop_letter(letter).await?;
    }
    reader.close(others).await;
    Ok(count)
}

async fn replay(config: &Config, which: &Which, output: &Output) -> Result<ExitCode, Error> {
    let member = Member::join(config, output).await?;
    let done = replayed(&member, which, output).await;
    member.leave().await;
    finish("replayed", done?, output)
}

async fn replayed(member: &Member, which: &Which, output: &Output) -> Result<u64, Error> {
    let what = "this submits, and pays for, the jobs of";
    let (reader, found, mut others) = taken(&member.backends, which, what, output).await?;
    let mut count = 0;
    for letter in found {
        let id = shown(&letter);
        match member.operator.replay(letter).await? {
            Replayed::Published => count += 1,
            Replayed::Before => {
                output.complain(&format!("{id} was replayed before: it is removed"))
            }
            Replayed::Stays(letter, stays) => {
                output.complain(&format!("{id} stays: {}", why(stays)));
                others.push(*letter);
            }
        }
    }
    reader.close(others).await;
    Ok(count)
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

/// The job's id, or the name of the letter.
fn shown(letter: &Letter) -> String {
    let key = letter.key().map(|key| key.id.to_string());
    key.unwrap_or_else(|| letter.name.clone())
}

fn wanted(letter: &Letter, which: &Which) -> bool {
    which.all || which.ids.iter().any(|id| letter::is(letter, id))
}

fn finish(what: &str, count: u64, output: &Output) -> Result<ExitCode, Error> {
    output.result(&json!({ what: count }), || format!("{what} {count}"));
    Ok(ExitCode::Ok)
}
