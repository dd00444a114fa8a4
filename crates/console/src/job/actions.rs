//! What can be done with one job.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use job::{JobKey, NotRetried, Record, State as JobState};
use maud::{Markup, html};
use operator::{Cancelled, Retried};

use super::key;
use crate::acting::finish;
use crate::audit;
use crate::console::Console;
use crate::refusal::Refusal;
use crate::visitor::Acting;
use crate::words::address_of;

/// The actions that its state allows, each with what it means.
pub(super) fn of(record: &Record) -> Markup {
    let may_retry = record.may_be_retried();
    html! {
        div .actions {
            @if is_unsubmitted(&record.state) {
                (action("cancel", record, "Cancel", "It is not submitted, so nothing is paid for it."))
            }
            @if may_retry.is_ok() {
                (action("retry", record, "Retry", "A new round begins, which the provider charges for again."))
            } @else if let Err(why @ NotRetried::NoRequest) = may_retry {
                p .note { "No retry: " (why) "." }
            }
        }
    }
}

fn is_unsubmitted(state: &JobState) -> bool {
    matches!(state, JobState::Queued { .. } | JobState::Waiting { .. })
}

fn action(path: &str, record: &Record, title: &str, meaning: &str) -> Markup {
    html! {
        details .act {
            summary { (title) }
            form method="post" action={ "/console/job/" (path) } {
                p { (meaning) }
                input type="hidden" name="tenant" value=(record.key.tenant);
                input type="hidden" name="id" value=(record.key.id);
                input type="hidden" name="round" value=(record.round);
                button type="submit" { "Yes, " (path) " it" }
            }
        }
    }
}

/// The same on the command line.
pub(super) fn commands(record: &Record) -> Markup {
    let JobKey { tenant, id } = &record.key;
    let named = format!("--tenant {} -- {}", quoted(tenant.as_str()), quoted(id.as_str()));
    html! {
        details .commands {
            summary { "On the command line" }
            pre tabindex="0" {
                "reelwork why " (named) "\n"
                @if is_unsubmitted(&record.state) { "reelwork cancel " (named) "\n" }
                @if record.may_be_retried().is_ok() { "reelwork retry " (named) "\n" }
            }
        }
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-._/:@".contains(char);
    match text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

pub(crate) async fn cancel(
    State(console): State<Arc<Console>>,
    Acting(visitor): Acting,
    body: String,
) -> Result<Redirect, Refusal> {
    let key = key(&body)?;
    let at = address_of(&key);
    let operator = console.clone();
    let subject = key.to_string();
    let done = finish(async move { operator.operator.cancel(&key).await }).await?;
    let result = match &done {
        Ok(Cancelled::Job(_)) => "cancelled".to_owned(),
        Ok(Cancelled::Unseen) => "cancelled when it is delivered".to_owned(),
        Ok(Cancelled::TooLate(record)) => format!("too late: {}", record.state.word()),
        Err(error) => error.to_string(),
    };
    audit::record(&visitor, "cancel", &subject, &result);
    match done? {
        Cancelled::Job(_) | Cancelled::Unseen => Ok(Redirect::to(&at)),
        Cancelled::TooLate(record) => Err(Refusal::TooLate(record.state.word())),
    }
}

pub(crate) async fn retry(
    State(console): State<Arc<Console>>,
    Acting(visitor): Acting,
    body: String,
) -> Result<Redirect, Refusal> {
    let (key, round) = (key(&body)?, round(&body)?);
    let at = address_of(&key);
    let operator = console.clone();
    let subject = key.to_string();
    let done = finish(async move { operator.operator.retry(&key, round).await }).await?;
    let result = match &done {
        Ok(Retried::Begun(_)) => "a new round has begun".to_owned(),
        Ok(Retried::Stays(_, why)) => why.to_string(),
        Err(error) => error.to_string(),
    };
    audit::record(&visitor, "retry", &subject, &result);
    match done? {
        Retried::Begun(_) => Ok(Redirect::to(&at)),
        Retried::Stays(_, why) => Err(Refusal::NotRetried(why)),
    }
}

/// The round that the operator has seen.
fn round(body: &str) -> Result<u32, Refusal> {
    let mut pairs = form_urlencoded::parse(body.as_bytes());
    let round = pairs.find(|(name, _)| name == "round").and_then(|(_, text)| text.parse().ok());
    round.ok_or_else(|| Refusal::Bad("round: no number".to_owned()))
}
