use job::{HistoryEntry, Record, Timestamp};
use maud::{Markup, html};

use crate::words::{ago, moment};

/// What has happened, oldest first.
pub(super) fn of(record: &Record, now: Timestamp) -> Markup {
    html! {
        section {
            h2 { "Timeline" }
            ol .timeline {
                @if let Some(enqueued) = record.enqueued_at {
                    li { (moment(enqueued)) span { "enqueued" } }
                }
                @for entry in &record.history { (line(entry, now)) }
            }
        }
    }
}

fn line(entry: &HistoryEntry, now: Timestamp) -> Markup {
    html! {
        li {
            (moment(entry.at))
            span {
                (entry.what)
                @if let Some(repeated) = entry.repeated {
                    " (" (repeated.times) " times, first " (ago(repeated.since, now)) ")"
                }
            }
        }
    }
}
