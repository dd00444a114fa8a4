//! Which jobs an operator means.

use job::{Record, State};
use ports::{Cursor, Ledger, LedgerError, ListFilter};
use serde_json::Value;

/// Jobs by what the ledger has an index of, and by what their records say.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Its limit is that of the jobs that are found.
    pub filter: ListFilter,
    pub model: Option<String>,
    /// The kind of the error with which a job ended (`error.kind` of its event).
    pub error: Option<String>,
    /// Keys of the job's metadata with their values; text is compared without its quotes.
    pub metadata: Vec<(String, String)>,
}

/// Records of one page.
const PAGE: usize = 500;

impl Selection {
    pub fn takes(&self, record: &Record) -> bool {
        self.filter.takes(record)
            && self.model.as_ref().is_none_or(|model| record.model.as_ref() == Some(model))
            && self.error.as_ref().is_none_or(|kind| error_of(record) == Some(kind))
            && self.metadata.iter().all(|(name, value)| has(record, name, value))
    }

    /// Calls `found` with each of them after this place, newest first.
    pub async fn each(
        &self,
        ledger: &dyn Ledger,
        after: Option<Cursor>,
        mut found: impl FnMut(&Record) + Send,
    ) -> Result<(), LedgerError> {
        let mut left = self.filter.limit;
        let pages = ListFilter { limit: left.min(PAGE), ..self.filter.clone() };
        let mut look_at = |record: Record| {
            if self.takes(&record) {
                found(&record);
                left -= 1;
            }
            left > 0
        };
        ledger.each(&pages, after, &mut look_at).await
    }
}

fn error_of(record: &Record) -> Option<&str> {
    match &record.state {
        State::Settled { outcome, .. } => outcome.error().map(|error| error.kind.as_str()),
        State::Tombstone
        | State::Queued { .. }
        | State::Waiting { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Pending { .. }
        | State::Parked { .. } => None,
    }
}

fn has(record: &Record, name: &str, value: &str) -> bool {
    let text = |found: &Value| found.as_str().map_or_else(|| found.to_string(), str::to_owned);
    record.metadata.get(name).is_some_and(|found| text(found) == value)
}
