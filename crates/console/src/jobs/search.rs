//! A job by any of its names.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Redirect;
use job::{JobId, JobKey};
use maud::{Markup, html};
use ports::AccountTask;
use serde::Deserialize;

use crate::console::Console;
use crate::refusal::Refusal;
use crate::visitor::Visitor;
use crate::words::address_of;

#[derive(Deserialize)]
pub(crate) struct Searched {
    #[serde(default)]
    name: String,
}

pub(super) fn form(name: &str) -> Markup {
    html! {
        form .search method="get" action="/console/search" role="search" {
            label for="name" { "Find a job" }
            input id="name" type="search" name="name" value=(name) required
                placeholder="id, tenant/id or task id";
            button type="submit" { "Find" }
        }
    }
}

/// To the page of the job that has this id, this tenant and id, or this task.
pub(crate) async fn search(
    State(console): State<Arc<Console>>,
    _visitor: Visitor,
    Query(Searched { name }): Query<Searched>,
) -> Result<Redirect, Refusal> {
    let name = name.trim();
    let found = found(&console, name).await?;
    let none = || {
        Refusal::NotFound(format!(
            "no recorded job has the id, tenant/id or task id {name:?}: a job of a tenant other than \
             default is found by tenant/id; one that waits in the broker is not recorded yet"
        ))
    };
    found.map(|key| Redirect::to(&address_of(&key))).ok_or_else(none)
}

async fn found(console: &Console, name: &str) -> Result<Option<JobKey>, Refusal> {
    let own = JobId::new(name).ok().map(|id| JobKey::new(Console::tenant(), id));
    for key in own.into_iter().chain(JobKey::parse(name)) {
        if console.ledger.load(&key).await?.is_some() {
            return Ok(Some(key));
        }
    }
    for account in console.accounts() {
        let task = AccountTask { account: account.to_owned(), id: name.to_owned() };
        if let Some(key) = console.ledger.task_owner(&task).await? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}
