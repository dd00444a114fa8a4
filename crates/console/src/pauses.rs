//! What operators have paused, and a form to pause more.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use job::{ManualPause, PauseScope, Timestamp};
use maud::{Markup, html};
use operator::NewPause;

use crate::audit;
use crate::console::Console;
use crate::live;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::{Acting, Visitor};
use crate::words::{ago, moment};

const PLACE: &str = "/console/pauses";

pub(crate) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let may_act = visitor.may_act();
    let page = Page { title: "Pauses", at: PLACE, visitor: &visitor };
    let content = move |console: Arc<Console>| async move { content(&console, may_act).await };
    live::shown(console, &headers, &page, content).await
}

async fn content(console: &Console, may_act: bool) -> Result<Markup, Refusal> {
    let (mut by_hand, mut refused) = (Vec::new(), Vec::new());
    let now = console.clock.now();
    for account in console.accounts() {
        let pauses = console.pauses(account).in_force().await?;
        by_hand.extend(pauses.into_iter().map(|pause| (account, pause)));
        let all = console.ledger.pauses(account).await?.into_iter();
        refused.extend(all.filter(|named| named.name == *account && named.pause.until > now));
    }
    Ok(html! {
        div #live {
            @for refused in &refused {
                p .problem role="note" {
                    strong { "Account " (refused.name) } " is paused by refusals of the provider until "
                    (moment(refused.pause.until)) ": " (refused.pause.reason)
                }
            }
            @if by_hand.is_empty() { p .empty { "Nothing is paused by hand." } } @else {
                div .scroll tabindex="0" role="region" aria-label="Pauses by hand" {
                    table {
                        thead { tr {
                            th scope="col" { "Account" } th scope="col" { "Paused" }
                            th scope="col" { "Reason" } th scope="col" { "Since" }
                            th scope="col" { "Until" } th scope="col" { "By" }
                            @if may_act { th scope="col" { span .hidden { "Action" } } }
                        } }
                        tbody { @for (account, pause) in &by_hand { (row(account, pause, now, may_act)) } }
                    }
                }
            }
        }
        @if may_act { (form(console)) }
    })
}

fn row(account: &str, pause: &ManualPause, now: Timestamp, may_act: bool) -> Markup {
    html! {
        tr {
            td { (account) } td { (pause.scope) } td { (pause.reason) } td { (ago(pause.since, now)) }
            td { @match pause.until { Some(until) => (moment(until)), None => "it is resumed" } }
            td { (pause.by.as_deref().unwrap_or_default()) }
            @if may_act {
                td {
                    form method="post" action="/console/pauses/resume" {
                        input type="hidden" name="account" value=(account);
                        input type="hidden" name="scope" value=(pause.scope);
                        button type="submit" aria-label={ "Resume " (pause.scope) " of account " (account) } { "Resume" }
                    }
                }
            }
        }
    }
}

fn form(console: &Console) -> Markup {
    html! {
        section {
            h2 { "Pause submissions" }
            p .note { "Running jobs are still watched and announced. What is paused stays queued." }
            form .stacked method="post" action=(PLACE) {
                label { "Account" select name="account" {
                    @for account in console.accounts() { option { (account) } }
                } }
                label { "What" select name="kind" {
                    @for kind in PauseScope::KINDS { option { (kind) } }
                } }
                label { "Name, unless it is the account"
                    input type="text" name="name" placeholder="videos, acme, videos/text2video";
                }
                label { "Reason" input type="text" name="reason" required maxlength="200"; }
                label { "Until (RFC 3339; empty: until it is resumed)" input type="text" name="until"; }
                button type="submit" { "Pause" }
            }
        }
    }
}

/// The fields of a form.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn parse(body: &str) -> Self {
        Self(form_urlencoded::parse(body.as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|pair| pair.0 == name).map_or("", |pair| pair.1.trim())
    }

    /// One of the configuration.
    fn account<'a>(&self, console: &'a Console) -> Result<&'a str, Refusal> {
        let named = self.get("account");
        let found = console.accounts().find(|account| *account == named);
        found.ok_or_else(|| Refusal::Bad("account: not configured here".into()))
    }
}

fn scope(text: &str) -> Result<PauseScope, Refusal> {
    let bad =
        || Refusal::Bad(format!("{text:?} cannot be paused: name a pool, tenant or operation"));
    PauseScope::parse(text).ok_or_else(bad)
}

pub(crate) async fn pause(
    State(console): State<Arc<Console>>,
    Acting(visitor): Acting,
    body: String,
) -> Result<Redirect, Refusal> {
    let fields = Fields::parse(&body);
    let (account, now) = (fields.account(&console)?, console.clock.now());
    let scope = match fields.get("kind") {
        "account" => PauseScope::Account,
        kind => scope(&format!("{kind} {}", fields.get("name")))?,
    };
    let until = match fields.get("until") {
        "" => None,
        text => Some(Timestamp::parse(text).ok_or_else(|| Refusal::Bad("until: no time".into()))?),
    };
    let subject = format!("{scope} of account {account}");
    let (reason, by) = (fields.get("reason").to_owned(), Some(visitor.name.clone()));
    let new = NewPause { scope, reason, until, by };
    let done = console.pauses(account).pause(new, now).await;
    tell(&visitor, "pause", &subject, done.as_ref().err());
    done?;
    Ok(Redirect::to(PLACE))
}

pub(crate) async fn resume(
    State(console): State<Arc<Console>>,
    Acting(visitor): Acting,
    body: String,
) -> Result<Redirect, Refusal> {
    let fields = Fields::parse(&body);
    let (account, scope) = (fields.account(&console)?, scope(fields.get("scope"))?);
    let done = console.pauses(account).resume(&scope).await;
    tell(&visitor, "resume", &format!("{scope} of account {account}"), done.as_ref().err());
    done?;
    Ok(Redirect::to(PLACE))
}

fn tell(by: &Visitor, action: &str, subject: &str, error: Option<&operator::PauseError>) {
    let result = error.map_or_else(|| "done".to_owned(), ToString::to_string);
    audit::record(by, action, subject, &result);
}
