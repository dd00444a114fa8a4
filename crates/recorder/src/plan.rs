use job::{Record, StateKind, Step};

/// A legal move of a job, not written yet. [`Writer::plan`](crate::Writer::plan) makes one from a
/// fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub(crate) step: Step,
    /// The state before, `None` for a job that had no record.
    pub(crate) was: Option<StateKind>,
}

impl Plan {
    /// A change without a fact: a message that is no job, a record that is put back.
    pub fn of(step: Step) -> Self {
        Self { step, was: None }
    }

    /// The record after the change.
    pub fn record(&self) -> &Record {
        &self.step.record
    }

    pub fn into_record(self) -> Record {
        self.step.record
    }

    pub(crate) fn was(&self) -> Option<StateKind> {
        self.was
    }

    /// Whether the state changes. A task that still runs is no news.
    pub fn is_news(&self) -> bool {
        self.was != Some(self.step.record.state.kind())
    }
}
