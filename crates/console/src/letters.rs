//! Dead letters: why they are there, and what can be done with them.

mod act;
mod asked;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Html;
use job::Timestamp;
use maud::{Markup, html};
use operator::{Letter, LetterReader};
use ports::{Source, header};

pub(crate) use self::act::{confirm, done};
use self::asked::Wanted;
use crate::console::Console;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::Visitor;
use crate::words::{address_of, ago};

const PLACE: &str = "/console/dead";

/// Letters that are read for a page without filters, and for one with them.
const READ: u64 = 200;
const READ_FILTERED: u64 = 20_000;

/// Letters that are shown.
const SHOWN: usize = 100;

/// What a page shows of the letters that were read.
#[derive(Default)]
struct Found {
    rows: Vec<Markup>,
    matching: usize,
    reasons: BTreeMap<String, u64>,
    read: u64,
    is_shared: bool,
}

/// Other readers wait while the letters are read, and they are given back at once.
pub(crate) async fn page(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, Refusal> {
    let wanted = Wanted::parse(query.as_deref().unwrap_or_default())?;
    let depth = console.broker.depth(&Source::Dead).await?;
    let found = match depth {
        0 => Found::default(),
        _ => read(&console, &wanted, visitor.may_act()).await?,
    };
    let content = content(&wanted, &found, depth, visitor.may_act());
    Ok(Page { title: "Dead letters", at: PLACE, visitor: &visitor }.with(&content))
}

async fn read(console: &Console, wanted: &Wanted, may_act: bool) -> Result<Found, Refusal> {
    let most = if wanted.pairs().is_empty() { READ } else { READ_FILTERED };
    let (filter, now) = (wanted.filter()?, console.clock.now());
    let mut reader = LetterReader::open(&console.broker, most).await?;
    let mut found = Found { is_shared: reader.is_shared(), ..Found::default() };
    while let Some(letter) = reader.next().await? {
        found.read += 1;
        *found.reasons.entry(letter.reason().to_owned()).or_default() += 1;
        if filter.takes(&letter) {
            found.matching += 1;
            if found.rows.len() < SHOWN {
                found.rows.push(row(&letter, now, may_act));
            }
        }
        reader.keep(letter);
    }
    found.is_shared |= reader.is_shared();
    reader.close().await;
    Ok(found)
}

fn content(wanted: &Wanted, found: &Found, depth: u64, may_act: bool) -> Markup {
    html! {
        @if found.is_shared {
            p .problem role="note" { "Somebody else reads the dead letters at this moment and may hold some." }
        }
        p .lead {
            (depth) " in the queue"
            @if found.read > 0 && found.read < depth { "; the first " (found.read) " were read" }
            @if found.matching > found.rows.len() { "; " (found.rows.len()) " of " (found.matching) " are shown" }
            "."
        }
        (reasons(wanted, found))
        @if found.rows.is_empty() { p .empty { "No dead letter is like this." } } @else {
            form method="post" action="/console/dead/confirm" {
                @for (name, value) in wanted.pairs() { input type="hidden" name=(name) value=(value); }
                div .scroll tabindex="0" role="region" aria-label="Dead letters" {
                    table {
                        thead { tr {
                            @if may_act { th scope="col" { span .hidden { "Select" } } }
                            th scope="col" { "Letter" } th scope="col" { "Job" }
                            th scope="col" { "Reason" } th scope="col" { "Detail" }
                            th scope="col" { "Dead" } th scope="col" .number { "Bytes" }
                        } }
                        tbody { @for row in &found.rows { (row) } }
                    }
                }
                @if may_act { (act::buttons()) }
            }
        }
    }
}

/// Each links to its letters.
fn reasons(wanted: &Wanted, found: &Found) -> Markup {
    html! {
        @if !found.reasons.is_empty() {
            nav aria-label="Reasons" {
                ul .chips {
                    @for (reason, count) in &found.reasons {
                        li { a href=(wanted.with_reason(reason)) { (reason) " " strong { (count) } } }
                    }
                    @if !wanted.pairs().is_empty() { li { a href=(PLACE) { "all" } } }
                }
            }
        }
    }
}

fn row(letter: &Letter, now: Timestamp, may_act: bool) -> Markup {
    let message = &letter.delivery.message;
    html! {
        tr {
            @if may_act {
                td { input type="checkbox" name="letter" value=(letter.name) aria-label={ "Select " (letter.shown()) }; }
            }
            td { span .id { (letter.name) } }
            td {
                @match letter.key() {
                    Some(key) => a .id href=(address_of(&key)) { (key) },
                    None => span .id { (message.id) }
                }
            }
            td { (letter.reason()) }
            td .wide { (message.get(header::DETAIL).unwrap_or_default()) }
            td { @if let Some(at) = letter.dead_at() { (ago(at, now)) } }
            td .number { (message.body.len()) }
        }
    }
}
