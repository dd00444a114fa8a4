//! What an operator means, until it is found.

use std::collections::HashSet;
use std::sync::Arc;

use operator::{Letter, LetterSelection, find_letters};
use ports::Broker;

use super::{SHARED, missing};
use crate::error::Error;
use crate::output::Output;

/// The names of the letters that are wanted.
pub(super) async fn find(
    broker: &Arc<dyn Broker>,
    wanted: &LetterSelection,
    output: &Output,
) -> Result<HashSet<String>, Error> {
    let mut sought = Sought::of(wanted);
    let (found, shared) = find_letters(broker, wanted, |letter| sought.found(letter)).await?;
    sought.report(found.is_empty(), shared, output)?;
    Ok(found)
}

/// What was named and not found yet.
pub(super) struct Sought {
    /// `None`: nothing was named.
    names: Option<HashSet<String>>,
}

/// Names in one message.
const SHOWN: usize = 5;

impl Sought {
    pub(super) fn of(wanted: &LetterSelection) -> Self {
        match wanted {
            LetterSelection::Named(names) => Self { names: Some(names.clone()) },
            LetterSelection::Filtered(_) => Self { names: None },
        }
    }

    pub(super) fn found(&mut self, letter: &Letter) {
        if let Some(names) = &mut self.names {
            letter.names().for_each(|name| {
                names.remove(&name);
            });
        }
    }

    /// An error if something was named and nothing of it is there.
    pub(super) fn report(self, none: bool, shared: bool, output: &Output) -> Result<(), Error> {
        let missing_names = self.names.unwrap_or_default();
        match (none, missing_names.len()) {
            (true, 1..) => return Err(missing("no dead message has such an id", shared)),
            (_, 0) => {}
            (false, count) => {
                let some: Vec<_> = missing_names.into_iter().take(SHOWN).collect();
                let some = some.join(", ");
                output.complain(&format!("{count} of the ids have no dead message: {some}"));
            }
        }
        if shared {
            output.complain(SHARED);
        }
        Ok(())
    }
}
