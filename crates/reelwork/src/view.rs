//! A record as commands print it.

mod details;

use job::{ManualPause, Record, State};
use operator::{JobDetails, JobView};
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

/// A job as commands print it.
#[derive(Debug, Serialize)]
pub(crate) struct PrintedJob<'a> {
    #[serde(flatten)]
    pub(crate) job: JobView<'a>,
    /// If it is about this job alone.
    #[serde(flatten)]
    pub(crate) details: Option<JobDetails<'a>>,
    /// If it waits for a slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<PlaceView>,
    /// The ledger was not compared with the journal, which may contain more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) uncompared: bool,
}

impl<'a> PrintedJob<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        Self { job: JobView::of(record), details: None, place: None, uncompared: false }
    }

    /// With everything that is shown of one job. The record must have been loaded with its request.
    pub(crate) fn in_detail(record: &'a Record) -> Self {
        let was_a_job = !matches!(record.state, State::Tombstone);
        let details = was_a_job.then(|| JobDetails::of(record));
        Self { details, ..Self::of(record) }
    }

    pub(crate) fn words(&self) -> Vec<String> {
        let job = &self.job;
        if job.unseen {
            return vec![format!("{}  {} ahead: no job has come under this id", job.id, job.state)];
        }
        let task = job.task_id.map(|task| format!("  task {task}")).unwrap_or_default();
        let mut lines = vec![format!("{}  {}  {}{task}", job.id, job.state, job.operation)];
        lines.extend(job.outputs.iter().map(|output| format!("  {}", output.url)));
        lines.extend(told_left_out(job.outputs_left_out));
        lines.extend(self.place.map(|place| format!("  {}", place.words())));
        if let Some(error) = &job.error {
            lines.push(format!("  {}: {}", error.kind, error.message));
            lines.extend(error.advice.iter().map(|advice| format!("  what to do: {advice}")));
        }
        lines.extend(self.detail_lines());
        lines
    }

    pub(crate) fn detail_lines(&self) -> Vec<String> {
        let details = self.details.as_ref();
        details.map(|details| details::lines(&self.job, details)).unwrap_or_default()
    }
}

/// A result that lacks a file must not look complete.
pub(crate) fn told_left_out(files: u32) -> Option<String> {
    (files > 0).then(|| format!("  left out, without an address: {files} more"))
}

/// The state of a job that no worker has recorded.
pub(crate) const QUEUED_OR_UNKNOWN: &str = "queued or unknown";

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
            state: QUEUED_OR_UNKNOWN,
            unseen: false,
            uncompared: false,
        }
    }
}
