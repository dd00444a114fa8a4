//! Dead letters: shown, counted, published again, or deleted.

mod bulk;
mod dry_run;
mod edit;
mod edited;
mod letter;
mod list;
mod sought;

use std::collections::HashSet;
use std::sync::Arc;

use daemon::{Config, ExitCode};
use operator::{LetterAction, LetterReader, LetterSelection};
use ports::Broker;
use serde_json::{Value, json};

use crate::backends::Backends;
use crate::cli::Dead;
use crate::error::Error;
use crate::output::Output;

pub(crate) async fn run(action: Dead, config: &Config, output: &Output) -> Result<ExitCode, Error> {
    match action {
        Dead::List { filters, limit } => {
            let broker = Backends::open_broker(config).await?;
            list::rows(&broker, &filters.filter(), limit, output).await
        }
        Dead::Count { filters } => {
            list::count(&Backends::open_broker(config).await?, &filters.filter(), output).await
        }
        Dead::Show { id } => show(&Backends::open_broker(config).await?, id, output).await,
        Dead::Drop { which } => bulk::run(config, which, LetterAction::Drop, output).await,
        Dead::Edit(options) => Box::pin(edit::run(config, options, output)).await,
        Dead::Fail { which, why } => {
            bulk::run(config, which, LetterAction::Fail(why), output).await
        }
        Dead::Replay { which } => bulk::run(config, which, LetterAction::Replay, output).await,
    }
}

async fn show(broker: &Arc<dyn Broker>, id: String, output: &Output) -> Result<ExitCode, Error> {
    let why = format!("no dead message has the id {id}");
    let wanted = LetterSelection::Named(HashSet::from([id]));
    let mut reader = LetterReader::open(broker, u64::MAX).await?;
    let mut none = true;
    while let Some(letter) = reader.next().await? {
        if wanted.takes(&letter) {
            none = false;
            let message = &letter.delivery.message;
            let mut row = letter::row(&letter);
            row["headers"] = json!(message.headers);
            row["body"] = Value::from(String::from_utf8_lossy(&message.body).into_owned());
            output.json(&row);
        }
        reader.keep(letter);
    }
    let shared = reader.is_shared();
    reader.close().await;
    match none {
        false => Ok(ExitCode::Ok),
        true => Err(missing(&why, shared)),
    }
}

/// The warning while another reader may hold letters.
const SHARED: &str = "somebody else reads the dead letters at this moment and may hold some: this is not \
                      all that is there; try again";

/// While another reader holds letters, a missing one may be among them.
fn missing(why: &str, shared: bool) -> Error {
    match shared {
        false => Error::NotFound(why.to_owned()),
        true => Error::Unavailable(format!("{why}; {SHARED}")),
    }
}
