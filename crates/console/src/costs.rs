//! What was spent and is reserved, today and this month.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use job::Period;
use maud::{Markup, html};
use ports::{Spender, SpentBy};

use crate::console::Console;
use crate::live;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::Visitor;

/// Rows of a table.
const MOST: usize = 100;

pub(crate) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let page = Page { title: "Costs", at: "/console/costs", visitor: &visitor };
    let content = move |console: Arc<Console>| async move { content(&console).await };
    live::shown(console, &headers, &page, content).await
}

async fn content(console: &Console) -> Result<Markup, Refusal> {
    let now = console.clock.now();
    let mut tables = Vec::new();
    for account in console.accounts() {
        for period in [Period::day_of(now), Period::month_of(now)] {
            let mut rows = console.ledger.spending(account, &period).await?;
            rows.sort_by_key(|row| {
                (order(row.spender), Reverse(row.sums.spent + row.sums.reserved))
            });
            tables.push((format!("Account {account}, {period}"), rows));
        }
    }
    Ok(html! {
        div #live {
            p .note { "US dollars. Amounts are reserved by estimate and settled by what the provider \
                reports. Nothing is counted unless " code { "money.enabled" } " is set." }
            @for (title, rows) in &tables { (table(title, rows)) }
        }
    })
}

fn order(spender: Spender) -> u8 {
    match spender {
        Spender::Account => 0,
        Spender::Tenant => 1,
        Spender::Model => 2,
    }
}

fn table(title: &str, rows: &[SpentBy]) -> Markup {
    html! {
        section {
            h2 { (title) }
            @if rows.is_empty() { p .empty { "Nothing is counted." } } @else {
                div .scroll tabindex="0" role="region" aria-label=(title) {
                    table {
                        thead { tr {
                            th scope="col" { "By" } th scope="col" { "Name" }
                            th scope="col" .number { "Spent" } th scope="col" .number { "Reserved" }
                            th scope="col" .number { "Refused" } th scope="col" .number { "Unpriced" }
                        } }
                        tbody { @for row in rows.iter().take(MOST) { (line(row)) } }
                    }
                }
            }
        }
    }
}

fn line(row: &SpentBy) -> Markup {
    let by = match row.spender {
        Spender::Account => "account",
        Spender::Tenant => "tenant",
        Spender::Model => "model",
    };
    let name = match (row.spender, row.name.as_str()) {
        (Spender::Account, _) => "all",
        (Spender::Tenant | Spender::Model, "") => "others",
        (Spender::Tenant | Spender::Model, name) => name,
    };
    html! {
        tr {
            td { (by) } td { (name) }
            td .number { "$" (row.sums.spent) } td .number { "$" (row.sums.reserved) }
            td .number { (row.sums.refused) } td .number { (row.sums.unpriced) }
        }
    }
}
