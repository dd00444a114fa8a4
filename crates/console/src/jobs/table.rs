use job::{Record, Timestamp};
use maud::{Markup, html};
use operator::JobView;

use crate::words::{address_of, ago, badge, lasting};

/// One row for each job; with boxes to select them, if the visitor may act.
pub(super) fn of(jobs: &[&Record], now: Timestamp, may_act: bool) -> Markup {
    html! {
        @if jobs.is_empty() {
            p .empty { "No job is like this." }
        } @else {
            div .scroll tabindex="0" role="region" aria-label="Jobs" {
                table {
                    thead { tr {
                        @if may_act { th scope="col" { span .hidden { "Select" } } }
                        th scope="col" { "Job" }
                        th scope="col" { "State" }
                        th scope="col" { "Operation" }
                        th scope="col" { "Model" }
                        th scope="col" { "Created" }
                        th scope="col" .number { "Took" }
                        th scope="col" .number { "Cost" }
                        th scope="col" { "Error" }
                    } }
                    tbody { @for job in jobs { (row(job, now, may_act)) } }
                }
            }
        }
    }
}

fn row(record: &Record, now: Timestamp, may_act: bool) -> Markup {
    let (job, key) = (JobView::of(record), record.key.to_string());
    html! {
        tr {
            @if may_act {
                td { input type="checkbox" name="key" value=(key) aria-label={ "Select " (key) }; }
            }
            td { a .id href=(address_of(&record.key)) { (key) } }
            td { (badge(record.state.kind())) }
            td { (job.operation) }
            td { (job.model.unwrap_or_default()) }
            td { (ago(record.created_at, now)) }
            td .number { (took(record, now)) }
            td .number { @if let Some(cost) = job.cost { "$" (cost.usd) } }
            td { @if let Some(error) = &job.error { span .error title=(error.message) { (error.kind) } } }
        }
    }
}

/// From the request of its producer to its end, or until now.
fn took(record: &Record, now: Timestamp) -> String {
    let until = if record.state.is_final() { record.last_change() } else { now };
    lasting(until.since(record.came_at()))
}
