//! Jobs of which it is not known whether the provider has them, and how an operator settles that.

mod settle;

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use job::{Doubt, Record, State as JobState, StateKind, Timestamp};
use maud::{Markup, html};
use ports::ListFilter;

pub(crate) use self::settle::settle;
use crate::console::Console;
use crate::live;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::Visitor;
use crate::words::{address_of, ago, badge};

const PLACE: &str = "/console/doubt";

/// Jobs of the page.
const LIMIT: usize = 100;

pub(crate) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let may_act = visitor.may_act();
    let page = Page { title: "In doubt", at: PLACE, visitor: &visitor };
    let content = move |console: Arc<Console>| async move { content(&console, may_act).await };
    live::shown(console, &headers, &page, content).await
}

async fn content(console: &Console, may_act: bool) -> Result<Markup, Refusal> {
    let filter = ListFilter::of_states(&[StateKind::InDoubt, StateKind::Parked], LIMIT);
    let found = console.ledger.page(&filter, None).await?;
    let doubts = found.records.iter().filter_map(|record| Some((record, doubt(&record.state)?)));
    let doubts: Vec<_> = doubts.collect();
    let now = console.clock.now();
    Ok(html! {
        div #live {
            p .note { "The response to the submission was lost, or the provider denies the task. Pollers \
                look for it by themselves; those that are parked wait for an operator." }
            @if doubts.is_empty() { p .empty { "No job is in doubt." } }
            @for (record, doubt) in &doubts { (one(record, doubt, now, may_act)) }
        }
    })
}

fn doubt(state: &JobState) -> Option<&Doubt> {
    match state {
        JobState::InDoubt { doubt } | JobState::Parked { doubt: Some(doubt), .. } => Some(doubt),
        JobState::Tombstone
        | JobState::Queued { .. }
        | JobState::Waiting { .. }
        | JobState::Submitting { .. }
        | JobState::Pending { .. }
        | JobState::Settled { .. }
        | JobState::Parked { doubt: None, .. } => None,
    }
}

fn one(record: &Record, doubt: &Doubt, now: Timestamp, may_act: bool) -> Markup {
    html! {
        article .card {
            h2 { a .id href=(address_of(&record.key)) { (record.key) } " " (badge(record.state.kind())) }
            p { "Since " (ago(doubt.since, now)) ": " (doubt.cause) }
            @if !doubt.evidence.is_empty() {
                ul { @for sign in &doubt.evidence { li { (sign) } } }
            }
            @if may_act { (settle::forms(record)) }
        }
    }
}
