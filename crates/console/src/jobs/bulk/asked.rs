//! Which jobs a form means: the selected ones, or all that its filters take.

use job::{JobKey, Record, StateKind, Timestamp};
use operator::Selection;

use super::Action;
use crate::console::Console;
use crate::jobs::filters::Filters;
use crate::refusal::Refusal;

/// The states of which a retry makes sense.
const ENDED: [StateKind; 3] = [StateKind::Failed, StateKind::Rejected, StateKind::TimedOut];

pub(super) struct Asked {
    pub(super) action: Action,
    which: Which,
    /// When they were counted: what has come or changed since is left alone.
    pub(super) counted_at: Timestamp,
}

enum Which {
    Selected(Vec<JobKey>),
    All(Filters),
}

impl Asked {
    /// The form of the list, or the one that was confirmed.
    pub(super) fn parse(body: &str, now: Timestamp) -> Result<Self, Refusal> {
        let pairs: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
        let value = |name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_ref());
        let (action, all) = match value("do") {
            Some("cancel") => (Action::Cancel, false),
            Some("cancel_all") => (Action::Cancel, true),
            Some("retry") => (Action::Retry, false),
            Some("retry_all") => (Action::Retry, true),
            Some(_) | None => return Err(Refusal::Bad("do: no action".to_owned())),
        };
        let counted_at = value("counted_at").map(Timestamp::parse).unwrap_or(Some(now));
        let counted_at =
            counted_at.ok_or_else(|| Refusal::Bad("counted_at: no time".to_owned()))?;
        let key = |text: &str| {
            JobKey::parse(text).ok_or_else(|| Refusal::Bad(format!("key: no job: {text:?}")))
        };
        let keys = pairs.iter().filter(|pair| pair.0 == "key").map(|pair| key(&pair.1));
        let which = match all {
            true => Which::All(Filters::parse(body)?),
            false => Which::Selected(keys.collect::<Result<_, _>>()?),
        };
        Ok(Self { action, which, counted_at })
    }

    /// What [`parse`](Self::parse) reads.
    pub(super) fn pairs(&self) -> Vec<(&'static str, String)> {
        let word = self.action.word();
        let mut pairs = vec![("counted_at", self.counted_at.to_string())];
        match &self.which {
            Which::Selected(keys) => {
                pairs.push(("do", word.to_owned()));
                pairs.extend(keys.iter().map(|key| ("key", key.to_string())));
            }
            Which::All(filters) => {
                pairs.push(("do", format!("{word}_all")));
                let filters = filters.pairs().into_iter();
                pairs.extend(filters.map(|(name, value)| (name, value.to_owned())));
            }
        }
        pairs
    }

    /// For the log.
    pub(super) fn words(&self) -> String {
        match &self.which {
            Which::Selected(keys) => {
                let names: Vec<_> = keys.iter().map(ToString::to_string).collect();
                names.join(" ")
            }
            Which::All(filters) => format!("all jobs of {:?}", filters.query(None)),
        }
    }

    pub(super) async fn to_cancel(&self, console: &Console) -> Result<Vec<JobKey>, Refusal> {
        match &self.which {
            Which::Selected(keys) => Ok(keys.clone()),
            Which::All(filters) => {
                let selection = without_limit(filters)?;
                Ok(console.operator.unsubmitted(&selection, self.counted_at).await?)
            }
        }
    }

    pub(super) async fn to_retry(&self, console: &Console) -> Result<Vec<JobKey>, Refusal> {
        let filters = match &self.which {
            Which::Selected(keys) => return Ok(keys.clone()),
            Which::All(filters) => filters,
        };
        let mut selection = without_limit(filters)?;
        let states = &mut selection.filter.states;
        match states.is_empty() {
            true => *states = ENDED.to_vec(),
            false => states.retain(|state| ENDED.contains(state)),
        }
        // None of these states: an empty filter would take all.
        if states.is_empty() {
            return Ok(Vec::new());
        }
        let mut keys = Vec::new();
        let had_ended = |record: &Record| record.last_change() <= self.counted_at;
        let ledger = console.ledger.as_ref();
        selection
            .each(ledger, None, |record| {
                if had_ended(record) {
                    keys.push(record.key.clone());
                }
            })
            .await?;
        Ok(keys)
    }
}

fn without_limit(filters: &Filters) -> Result<Selection, Refusal> {
    let mut selection = filters.selection()?;
    selection.filter.limit = usize::MAX;
    Ok(selection)
}
