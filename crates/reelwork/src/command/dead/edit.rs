//! One letter, published in other words.

use std::collections::HashSet;
use std::sync::Arc;

use daemon::{Config, ExitCode};
use operator::{Edited, Letter, LetterReader, LetterSelection, why_it_stays};
use ports::Broker;
use producer::Producer;
use serde_json::json;

use super::edited::Changes;
use super::{missing, sought};
use crate::cli::Edit;
use crate::command::member::Member;
use crate::error::Error;
use crate::output::Output;
use crate::settings;

pub(super) async fn run(
    config: &Config,
    options: Edit,
    output: &Output,
) -> Result<ExitCode, Error> {
    let id = options.letter.clone();
    let changes = Changes::of(options)?;
    let member = Member::join(config, output).await?;
    let done = edit(config, &member, id, changes, output).await;
    member.leave().await;
    done.map(|()| ExitCode::Ok)
}

async fn edit(
    config: &Config,
    member: &Member,
    id: String,
    changes: Changes,
    output: &Output,
) -> Result<(), Error> {
    let name = only(&member.backends.broker, id, output).await?;
    let mut reader = LetterReader::open(&member.backends.broker, u64::MAX).await?;
    let done = match reader.some(|letter| letter.name == name, 1).await?.pop() {
        Some(letter) => publish(config, member, letter, changes, output).await,
        None => Err(missing(&format!("letter {name} is not there any more"), reader.is_shared())),
    };
    reader.close().await;
    done
}

/// The name of the letter; it is an error if there are several.
async fn only(broker: &Arc<dyn Broker>, id: String, output: &Output) -> Result<String, Error> {
    let wanted = LetterSelection::Named(HashSet::from([id]));
    let names: Vec<_> = sought::find(broker, &wanted, output).await?.into_iter().collect();
    match <[String; 1]>::try_from(names) {
        Ok([name]) => Ok(name),
        Err(names) => {
            let names = names.join(", ");
            Err(Error::Usage(format!("several letters have this id: name one of {names}")))
        }
    }
}

async fn publish(
    config: &Config,
    member: &Member,
    letter: Letter,
    changes: Changes,
    output: &Output,
) -> Result<(), Error> {
    let message = changes.message(&letter)?;
    let job = Producer::read(&message, settings::most_slots(config));
    let job = job.map_err(|invalid| Error::Usage(format!("{invalid}; nothing was changed")))?;
    let key = &job.key;
    match member.operator.edit(letter, &job).await? {
        Edited::Job => {}
        Edited::Before => output.complain(&format!("{key} was edited so before: it is removed")),
        Edited::Stays(stays) => {
            return Err(Error::Other(format!("nothing was changed: {}", why_it_stays(stays))));
        }
    }
    let row =
        json!({ "edited": 1, "tenant": key.tenant.to_string(), "job_id": key.id.to_string() });
    output.result(&row, || format!("edited {key}"));
    Ok(())
}
