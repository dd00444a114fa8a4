//! The jobs, newest first, by the filters in the address.

mod bulk;
pub(crate) mod filters;
mod form;
mod search;
mod table;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};

pub(crate) use self::bulk::{confirm, done};
use self::filters::Filters;
pub(crate) use self::search::search;
use crate::console::Console;
use crate::live;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::Visitor;

pub(crate) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let filters = Filters::parse(query.as_deref().unwrap_or_default())?;
    let may_act = visitor.may_act();
    let page = Page { title: "Jobs", at: "/console/jobs", visitor: &visitor };
    let content = move |console: Arc<Console>| {
        let filters = filters.clone();
        async move { content(&console, &filters, may_act).await }
    };
    live::shown(console, &headers, &page, content).await
}

async fn content(console: &Console, filters: &Filters, may_act: bool) -> Result<Markup, Refusal> {
    let selection = filters.selection()?;
    let found = console.ledger.page(&selection.filter, filters.after.as_ref()).await?;
    let jobs: Vec<_> = found
        .records
        .iter()
        .filter(|record| selection.takes(record) && record.has_begun())
        .collect();
    Ok(html! {
        (search::form(""))
        (form::of(filters))
        div #live {
            form method="post" action="/console/jobs/confirm" {
                @for (name, value) in filters.pairs() { input type="hidden" name=(name) value=(value); }
                (table::of(&jobs, console.clock.now(), may_act))
                @if may_act { (form::actions(jobs.is_empty())) }
            }
            nav .pages aria-label="Pages" {
                @if filters.after.is_some() { a href=(filters.address(None)) { "Newest" } }
                @if let Some(next) = &found.next { a rel="next" href=(filters.address(Some(next))) { "Older" } }
            }
        }
    })
}
