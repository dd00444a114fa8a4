//! The queue at a glance.

mod chart;
mod pools;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use job::Money;
use maud::{Markup, html};
use operator::{Hour, MOST_COUNTED, Overview, Phases, Share};
use tokio::time::Instant;

use crate::console::Console;
use crate::live;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::Visitor;

/// How long an overview is shown again.
const FRESH: Duration = Duration::from_secs(1);

pub(crate) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let page = Page { title: "Overview", at: "/console", visitor: &visitor };
    let content = move |console: Arc<Console>| async move { shared(&console).await };
    live::shown(console, &headers, &page, content).await
}

/// However many look at it, it is made once a second.
async fn shared(console: &Console) -> Result<Markup, Refusal> {
    let mut made = console.overview.lock().await;
    if let Some((at, content)) = made.as_ref()
        && at.elapsed() < FRESH
    {
        return Ok(content.clone());
    }
    let content = content(console).await?;
    *made = Some((Instant::now(), content.clone()));
    Ok(content)
}

async fn content(console: &Console) -> Result<Markup, Refusal> {
    let (broker, ledger) = (console.broker.as_ref(), console.ledger.as_ref());
    let now = console.clock.now();
    let seen = Overview::of(&console.settings.accounts, broker, ledger, now).await?;
    Ok(html! {
        div #live {
            (alerts(console).await?)
            dl .tiles {
                (waiting(&seen))
                (running(&seen))
                (last_hour(&seen.ends.last_hour))
                (care("Dead letters", seen.dead_letters, false, "/console/dead"))
                (counted("In doubt", seen.in_doubt, "/console/doubt"))
                (counted("Parked", seen.parked, "/console/jobs?state=parked"))
                (spent(&seen))
            }
            section {
                h2 { "Ended in each hour, the last 24" }
                (chart::of(&seen.ends.hours))
            }
            (pools::of(&seen))
            (phases(&seen.phases))
        }
    })
}

/// What stops submissions.
async fn alerts(console: &Console) -> Result<Markup, Refusal> {
    let mut paused = Vec::new();
    for account in console.accounts() {
        for pause in console.pauses(account).in_force().await? {
            paused.push(format!("{} of account {account}: {}", pause.scope, pause.reason));
        }
    }
    Ok(html! {
        @for pause in &paused {
            p .problem role="note" { "Paused by hand: " (pause) " " a href="/console/pauses" { "Pauses" } }
        }
    })
}

fn tile(name: &str, value: &Markup, note: &Markup) -> Markup {
    html! { div .tile { dt { (name) } dd { span .value { (value) } span .note { (note) } } } }
}

fn waiting(seen: &Overview) -> Markup {
    let waiting: u64 = seen.pools.iter().map(|pool| u64::from(pool.waiting)).sum();
    // What waits in the broker is of no account yet: each pool of the first tells it.
    let account = seen.pools.first().map(|pool| pool.account.as_str());
    let first = seen.pools.iter().filter(|pool| Some(pool.account.as_str()) == account);
    let queued: u64 = first.map(operator::PoolStats::in_broker).sum();
    let all = html! { (waiting + queued) };
    tile("Waiting", &all, &html! { (queued) " in the broker" })
}

fn running(seen: &Overview) -> Markup {
    let running: u32 = seen.pools.iter().map(|pool| pool.running).sum();
    let slots: u32 = seen.pools.iter().map(|pool| pool.slots).sum();
    let is_bounded = seen.pools.iter().all(|pool| pool.slots > 0);
    let note = html! { @if is_bounded { "of " (slots) " slots" } @else { "slots" } };
    tile("Running", &html! { (running) }, &note)
}

fn last_hour(hour: &Hour) -> Markup {
    let note = html! {
        (hour.failed) " failed"
        @if let Some(share) = hour.failed_share() { ", " (format!("{:.1}", 100.0 * share)) " %" }
    };
    tile("Done in the last hour", &html! { (hour.succeeded) }, &note)
}

fn care(name: &str, count: u64, or_more: bool, address: &str) -> Markup {
    let value = html! { a href=(address) { (count) @if or_more { "+" } } };
    tile(name, &value, &html! {})
}

fn counted(name: &str, count: usize, address: &str) -> Markup {
    care(name, count as u64, count == MOST_COUNTED, address)
}

fn spent(seen: &Overview) -> Markup {
    let today: Money = seen.spent.iter().map(|(_, day, _)| day.spent).sum();
    let reserved: Money = seen.spent.iter().map(|(_, day, _)| day.reserved).sum();
    let month: Money = seen.spent.iter().map(|(_, _, month)| month.spent).sum();
    let value = html! { a href="/console/costs" { "$" (today) } };
    let note = html! { "$" (reserved) " reserved, $" (month) " this month" };
    tile("Spent today", &value, &note)
}

fn phases(phases: &Phases) -> Markup {
    let row = |name: &str, share: Option<Share>| {
        html! {
            @if let Some(share) = share {
                tr {
                    th scope="row" { (name) }
                    td .number { (format!("{:.1} s", share.p50)) }
                    td .number { (format!("{:.1} s", share.p95)) }
                }
            }
        }
    };
    html! {
        @if phases.jobs > 0 {
            section {
                h2 { "How long the newest " (phases.jobs) " took that succeeded" }
                table .small {
                    thead { tr {
                        th scope="col" { "Phase" } th scope="col" .number { "p50" }
                        th scope="col" .number { "p95" }
                    } }
                    tbody { (row("queued", phases.queue)) (row("at the provider", phases.provider)) }
                }
            }
        }
    }
}
