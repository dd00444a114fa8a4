//! Many dead letters: read, selected, and settled.

mod action;
mod reader;

use std::collections::HashSet;
use std::sync::Arc;

use futures::{FutureExt, StreamExt, stream};
use ports::{Broker, BrokerError};

pub use self::action::{Acted, LetterAction, Would, why_it_stays};
pub use self::reader::LetterReader;
use crate::{Error, Letter, LetterSelection, Operator};

/// Letters that are settled at once.
const AT_ONCE: usize = 64;

/// What came of an action on many letters.
#[derive(Debug, Default)]
pub struct LettersTally {
    /// For how many it was done.
    pub done: u64,
    /// Letters that were not there any more.
    pub gone: usize,
    /// Why one failed; no more were begun then.
    pub failed: Option<Error>,
}

/// Does this with the letters that have these names. `told` is called with the id of each and with what
/// came of it.
pub async fn act_on_letters(
    operator: &Operator,
    broker: &Arc<dyn Broker>,
    action: &LetterAction,
    names: &HashSet<String>,
    mut told: impl FnMut(&str, &Acted) + Send,
) -> Result<LettersTally, BrokerError> {
    let mut reader = LetterReader::open(broker, u64::MAX).await?;
    let (mut tally, mut left) = (LettersTally::default(), names.len());
    while left > 0 && tally.failed.is_none() {
        let some = reader.some(|letter| names.contains(&letter.name), AT_ONCE).await?;
        if some.is_empty() {
            tally.gone = left;
            break;
        }
        left -= some.len();
        let all: Vec<_> =
            some.into_iter().map(|letter| one(operator, action, letter).boxed()).collect();
        let mut all = stream::iter(all).buffer_unordered(AT_ONCE);
        // All of them, also if one fails.
        while let Some((id, done)) = all.next().await {
            tally.add(&id, done, &mut reader, &mut told);
        }
    }
    reader.close().await;
    Ok(tally)
}

/// The id of the letter, and what came of the action.
async fn one(
    operator: &Operator,
    action: &LetterAction,
    letter: Letter,
) -> (String, Result<Acted, Error>) {
    let id = letter.shown();
    (id, action.done(operator, letter).await)
}

impl LettersTally {
    fn add(
        &mut self,
        id: &str,
        done: Result<Acted, Error>,
        reader: &mut LetterReader,
        told: &mut (impl FnMut(&str, &Acted) + Send),
    ) {
        match done {
            Ok(acted) => {
                told(id, &acted);
                match acted {
                    Acted::Done => self.done += 1,
                    Acted::Before => {}
                    Acted::Stays(letter, _) => reader.keep(*letter),
                }
            }
            Err(error) => self.failed = self.failed.take().or(Some(error)),
        }
    }
}

/// The names of the letters that are wanted, of those that are there now; `true`: another reader may hold
/// more.
pub async fn find_letters(
    broker: &Arc<dyn Broker>,
    wanted: &LetterSelection,
    mut found: impl FnMut(&Letter) + Send,
) -> Result<(HashSet<String>, bool), BrokerError> {
    let mut reader = LetterReader::open(broker, u64::MAX).await?;
    let mut names = HashSet::new();
    while let Some(letter) = reader.next().await? {
        if wanted.takes(&letter) {
            found(&letter);
            names.insert(letter.name.clone());
        }
        reader.keep(letter);
    }
    let shared = reader.is_shared();
    reader.close().await;
    Ok((names, shared))
}
