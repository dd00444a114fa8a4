//! Spans of the poller, for processes that export traces.
//!
//! A task takes minutes, and a sweep claims hundreds. So each sweep is a root span. Each task that
//! ends is another, linked to the span of the worker and to the sweep. A query that finds the task
//! still running has no span.

use std::time::Duration;

use job::{Record, State, Timestamp};
use ports::Stored;
use recorder::Plan;
use spans::Spans;
use tracing::Span;

/// For a sweep that claimed records.
pub(crate) fn sweep(found: &[Stored], now: Timestamp) -> Span {
    if found.is_empty() {
        return Span::none();
    }
    tracing::info_span!(
        parent: None,
        "poll sweep",
        otel.kind = "internal",
        poll.batch_size = found.len(),
        poll.due_lag_seconds = lag(found, now).as_secs_f64(),
    )
}

/// The longest time for which one of them has been due.
fn lag(found: &[Stored], now: Timestamp) -> Duration {
    let late = found.iter().filter_map(|stored| match stored.record.state {
        State::Pending { next_look, .. } => Some(now.since(next_look)),
        State::Tombstone
        | State::Queued { .. }
        | State::Waiting { .. }
        | State::Submitting { .. }
        | State::InDoubt { .. }
        | State::Settled { .. }
        | State::Parked { .. } => None,
    });
    late.max().unwrap_or_default()
}

/// For the last event of a job; no span for other changes.
pub(crate) fn completion(spans: Spans, plan: &Plan, sweep: Option<&str>) -> Span {
    match plan.record().state.is_final() && plan.is_news() {
        true => root(spans, "complete task", plan.record(), sweep),
        false => Span::none(),
    }
}

/// For an event that is published from the outbox.
pub(crate) fn announcement(spans: Spans, record: Option<&Record>) -> Span {
    record.map_or_else(Span::none, |record| root(spans, "announce outcome", record, None))
}

fn root(spans: Spans, name: &'static str, record: &Record, sweep: Option<&str>) -> Span {
    spans.if_sampled(tracing::info_span!(
        parent: None,
        "job's end",
        otel.name = name,
        otel.kind = "internal",
        job.id = %record.key.id,
        kling.task.id = record.task_id,
        link = record.worker_span.as_ref().or(record.traceparent.as_ref()),
        link.sweep = sweep,
    ))
}
