//! One job: what it is, what happened to it, what it made, and what can be done with it.

mod actions;
mod facts;
mod outputs;
mod timeline;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use job::{JobId, JobKey, Record, StateKind, Tenant};
use maud::{Markup, html};
use operator::{JobDetails, JobView};

pub(crate) use self::actions::{cancel, retry};
use crate::console::Console;
use crate::live;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::Visitor;
use crate::words::{ago, badge};

pub(crate) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let key = key(query.as_deref().unwrap_or_default())?;
    let (title, may_act) = (key.to_string(), visitor.may_act());
    let page = Page { title: &title, at: "/console/jobs", visitor: &visitor };
    let content = move |console: Arc<Console>| {
        let key = key.clone();
        async move { content(&console, &key, may_act).await }
    };
    live::shown(console, &headers, &page, content).await
}

/// The job that an address or a form names.
fn key(pairs: &str) -> Result<JobKey, Refusal> {
    let (mut tenant, mut id) = (None, None);
    for (name, value) in form_urlencoded::parse(pairs.as_bytes()) {
        match name.as_ref() {
            "tenant" => tenant = Tenant::new(value.as_ref()).ok(),
            "id" => id = JobId::new(value.as_ref()).ok(),
            _ => {}
        }
    }
    let key = tenant.zip(id).map(|(tenant, id)| JobKey::new(tenant, id));
    key.ok_or_else(|| Refusal::Bad("tenant and id must name a job".to_owned()))
}

async fn content(console: &Console, key: &JobKey, may_act: bool) -> Result<Markup, Refusal> {
    match console.ledger.load_whole(key).await? {
        Some(stored) => Ok(recorded(console, &stored.record, may_act)),
        None => accepted(console, key).await,
    }
}

/// A job that a gateway has accepted waits in the broker.
async fn accepted(console: &Console, key: &JobKey) -> Result<Markup, Refusal> {
    let none = || Refusal::NotFound(format!("no worker has recorded a job {key}"));
    let acceptance = console.ledger.acceptance(key).await?.ok_or_else(none)?;
    Ok(html! {
        div #live {
            p .lead { (badge(StateKind::Queued)) " " (acceptance.operation) }
            p .note { "Accepted " (ago(acceptance.accepted_at, console.clock.now()))
                ". It waits in the broker: no worker has recorded it." }
        }
    })
}

fn recorded(console: &Console, record: &Record, may_act: bool) -> Markup {
    let (job, details, now) = (JobView::of(record), JobDetails::of(record), console.clock.now());
    html! {
        div #live {
            p .lead { (badge(record.state.kind())) " " (job.operation) }
            @if let Some(error) = &job.error {
                div .problem role="note" {
                    p { strong { (error.kind) } ": " (error.message) }
                    @if let Some(advice) = &error.advice { p { "What to do: " (advice) } }
                }
            }
            @if may_act { (actions::of(record)) }
            (outputs::of(&job))
            div .columns {
                (facts::of(&job, &details))
                (timeline::of(record, now))
            }
            (facts::request(&details))
            (actions::commands(record))
        }
    }
}
