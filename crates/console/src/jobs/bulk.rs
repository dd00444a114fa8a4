//! Many jobs at once: what would be done is counted, and done once that is confirmed.

mod asked;
mod report;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use job::{Money, Record};
use maud::{Markup, html};
use operator::RetryPlan;

use self::asked::Asked;
use self::report::Report;
use crate::acting::finish;
use crate::audit;
use crate::console::Console;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::{Acting, Visitor};

/// What is done with each job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Cancel,
    Retry,
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Cancel => "Cancel jobs",
            Self::Retry => "Retry jobs",
        }
    }
}

/// Counts the jobs, and asks. Nothing is changed.
pub(crate) async fn confirm(
    State(console): State<Arc<Console>>,
    Acting(visitor): Acting,
    body: String,
) -> Result<Response, Refusal> {
    let asked = Asked::parse(&body, console.clock.now())?;
    let content = match asked.action {
        Action::Cancel => {
            let count = asked.to_cancel(&console).await?.len();
            question(&asked, count, &cancel_effect(count), &[])
        }
        Action::Retry => {
            let plan = plan(&console, &asked).await?;
            let stays: Vec<_> =
                plan.stays.iter().map(|(key, why)| format!("{key}: {why}")).collect();
            question(&asked, plan.jobs.len(), &retry_effect(&plan), &stays)
        }
    };
    Ok(page(&visitor, asked.action, &content))
}

/// Does it with the jobs that were counted, also if the browser goes away meanwhile.
pub(crate) async fn done(
    State(console): State<Arc<Console>>,
    Acting(visitor): Acting,
    body: String,
) -> Result<Response, Refusal> {
    let asked = Asked::parse(&body, console.clock.now())?;
    let action = asked.action;
    let subject = asked.words();
    let acting = async move {
        match asked.action {
            Action::Cancel => cancel(&console, &asked).await,
            Action::Retry => retry(&console, &asked).await,
        }
    };
    let ended = finish(acting).await?;
    let result = ended.as_ref().map_or_else(ToString::to_string, Report::words);
    audit::record(&visitor, action.word(), &subject, &result);
    Ok(page(&visitor, action, &ended?.markup()))
}

async fn cancel(console: &Console, asked: &Asked) -> Result<Report, Refusal> {
    let keys = asked.to_cancel(console).await?;
    Ok(Report::of_cancelled(console.operator.cancel_many(keys).await?))
}

async fn retry(console: &Console, asked: &Asked) -> Result<Report, Refusal> {
    let plan = plan(console, asked).await?;
    let mut report = Report::of_plan(&plan);
    console.operator.retry_many(plan.jobs, |retried| report.add(retried)).await?;
    Ok(report)
}

async fn plan(console: &Console, asked: &Asked) -> Result<RetryPlan, Refusal> {
    let keys = asked.to_retry(console).await?;
    let now = console.clock.now();
    let price = |record: &Record| -> Option<Money> {
        let request = record.request.here()?;
        console.settings.prices.estimate(&record.operation, request, now).amount
    };
    Ok(console.operator.plan_retries(keys, asked.counted_at, price).await?)
}

fn cancel_effect(count: usize) -> String {
    format!(
        "{count} jobs that are not submitted would be cancelled. Jobs at the provider go on: it cannot \
         stop them."
    )
}

fn retry_effect(plan: &RetryPlan) -> String {
    let without = match plan.unpriced {
        0 => String::new(),
        unpriced => format!(", and {unpriced} without a price"),
    };
    format!(
        "{} jobs would begin a new round, which the provider charges for again: about ${}{without}.",
        plan.jobs.len(),
        plan.usd
    )
}

fn question(asked: &Asked, count: usize, effect: &str, stays: &[String]) -> Markup {
    html! {
        p .effect { (effect) }
        @if !stays.is_empty() {
            details { summary { (stays.len()) " others may not be retried" }
                ul { @for line in stays.iter().take(100) { li { (line) } } }
            }
        }
        form method="post" action="/console/jobs/done" {
            @for (name, value) in asked.pairs() { input type="hidden" name=(name) value=(value); }
            div .actions {
                @if count > 0 { button type="submit" { "Yes, " (asked.action.word()) " " (count) } }
                a href="/console/jobs" { "No, go back" }
            }
        }
    }
}

fn page(visitor: &Visitor, action: Action, content: &Markup) -> Response {
    Page { title: action.title(), at: "", visitor }.with(content).into_response()
}
