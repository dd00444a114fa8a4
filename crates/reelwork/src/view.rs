//! A record as commands print it.

use job::{ManualPause, Outcome, Output, Problem, Record, State};
use serde::Serialize;

use crate::command::PlaceView;

/// A pause by hand.
#[derive(Debug, Serialize)]
pub(crate) struct PauseView {
    account: String,
    /// account, pool, tenant or operation
    scope: &'static str,
    /// The pool, tenant or operation.
    name: Option<String>,
    reason: String,
    since: String,
    /// `null`: until it is resumed.
    until: Option<String>,
    by: Option<String>,
}

impl PauseView {
    pub(crate) fn of(account: &str, pause: &ManualPause) -> Self {
        let ManualPause { scope, reason, since, until, by } = pause;
        Self {
            account: account.to_owned(),
            scope: scope.kind(),
            name: scope.name().map(str::to_owned),
            reason: reason.clone(),
            since: since.to_string(),
            until: until.map(|until| until.to_string()),
            by: by.clone(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct JobView<'a> {
    pub(crate) id: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) state: &'static str,
    pub(crate) operation: &'a str,
    pub(crate) round: u32,
    pub(crate) attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task_id: Option<&'a str>,
    pub(crate) external_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) outputs: &'a [Output],
    #[serde(skip_serializing_if = "left_none_out")]
    pub(crate) outputs_left_out: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Problem>,
    pub(crate) created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) submitted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<String>,
    /// If it waits for a slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<PlaceView>,
    /// No job has arrived with this id: if one does, it is cancelled.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unseen: bool,
    /// The ledger was not compared with the journal, which may contain more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) uncompared: bool,
}

impl<'a> JobView<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        let (outputs, error, finished) = ending(&record.state);
        Self {
            id: record.key.id.as_str(),
            tenant: record.key.tenant.as_str(),
            state: record.state.word(),
            operation: record.operation.as_str(),
            round: record.round,
            attempt: record.attempt,
            task_id: record.task_id.as_deref(),
            external_id: record.external_id.as_str(),
            model: record.model.as_deref(),
            outputs,
            outputs_left_out: record.state.outputs_left_out(),
            error,
            created_at: record.created_at.to_string(),
            submitted_at: record.submitted_at.map(|at| at.to_string()),
            finished_at: finished.map(|at| at.to_string()),
            place: None,
            unseen: matches!(record.state, State::Tombstone),
            uncompared: false,
        }
    }

    pub(crate) fn words(&self) -> Vec<String> {
        if self.unseen {
            return vec![format!(
                "{}  {} ahead: no job has come under this id",
                self.id, self.state
            )];
        }
        let task = self.task_id.map(|task| format!("  task {task}")).unwrap_or_default();
        let mut lines = vec![format!("{}  {}  {}{task}", self.id, self.state, self.operation)];
        lines.extend(self.outputs.iter().map(|output| format!("  {}", output.url)));
        lines.extend(told_left_out(self.outputs_left_out));
        lines.extend(self.place.map(|place| format!("  {}", place.words())));
        if let Some(error) = &self.error {
            lines.push(format!("  {}: {}", error.kind, error.message));
            lines.extend(error.advice.iter().map(|advice| format!("  what to do: {advice}")));
        }
        lines
    }
}

/// A result that lacks a file must not look complete.
pub(crate) fn told_left_out(files: u32) -> Option<String> {
    (files > 0).then(|| format!("  left out, without an address: {files} more"))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn left_none_out(files: &u32) -> bool {
    *files == 0
}

fn ending(state: &State) -> (&[Output], Option<Problem>, Option<job::Timestamp>) {
    match state {
        State::Settled { outcome: Outcome::Succeeded { outputs, .. }, at } => {
            (outputs, None, Some(*at))
        }
        State::Settled { outcome, at } => (&[], outcome.error().cloned(), Some(*at)),
        State::Parked { why, at, .. } => (&[], Some(Problem::new("parked", why)), Some(*at)),
        _ => (&[], None, None),
    }
}

/// A job that no worker has recorded: it is in the broker, or does not exist.
#[derive(Debug, Serialize)]
pub(crate) struct Unseen<'a> {
    pub(crate) id: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unseen: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) uncompared: bool,
}

impl<'a> Unseen<'a> {
    /// If the job arrives, it is cancelled.
    pub(crate) fn cancelled(key: &'a job::JobKey) -> Self {
        Self { state: "cancelled", unseen: true, ..Self::of(key) }
    }

    /// Its id belongs to another request.
    pub(crate) fn conflict(key: &'a job::JobKey) -> Self {
        Self { state: "conflict", ..Self::of(key) }
    }

    pub(crate) fn of(key: &'a job::JobKey) -> Self {
        Self {
            id: key.id.as_str(),
            tenant: key.tenant.as_str(),
            state: "queued or unknown",
            unseen: false,
            uncompared: false,
        }
    }
}
