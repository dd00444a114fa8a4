//! What is done with dead letters: tried first, done once that is confirmed.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use axum::extract::State;
use axum::response::Html;
use maud::{Markup, html};
use operator::{Acted, LetterAction, LetterReader, LetterSelection, act_on_letters};

use super::PLACE;
use super::asked::Asked;
use crate::acting::finish;
use crate::audit;
use crate::console::Console;
use crate::page::Page;
use crate::refusal::Refusal;
use crate::visitor::{Acting, Visitor};

/// Lines of a result that are shown.
const SHOWN: usize = 200;

pub(super) fn buttons() -> Markup {
    html! {
        div .actions role="group" aria-label="Actions" {
            button type="submit" name="do" value="replay" { "Replay selected" }
            button type="submit" name="do" value="drop" { "Drop selected" }
            button .quiet type="submit" name="do" value="replay_all" { "Replay all of these" }
            button .quiet type="submit" name="do" value="drop_all" { "Drop all of these" }
        }
        div .actions role="group" aria-label="End jobs as failed" {
            label { "Why " input type="text" name="why" size="30"; }
            button .quiet type="submit" name="do" value="fail" { "Fail selected" }
            button .quiet type="submit" name="do" value="fail_all" { "Fail all of these" }
        }
    }
}

/// What would become of the letters. Nothing is changed.
#[derive(Default)]
struct Trial {
    names: Vec<String>,
    would: BTreeMap<&'static str, u64>,
    stays: Vec<String>,
}

/// Tries it, and asks.
pub(crate) async fn confirm(
    State(console): State<Arc<Console>>,
    Acting(visitor): Acting,
    body: String,
) -> Result<Html<String>, Refusal> {
    let asked = Asked::parse(&body)?;
    let trial = tried(&console, &asked).await?;
    Ok(page(&visitor, &question(&asked.action, &trial)))
}

async fn tried(console: &Console, asked: &Asked) -> Result<Trial, Refusal> {
    let mut trial = Trial::default();
    let mut reader = LetterReader::open(&console.broker, u64::MAX).await?;
    while let Some(letter) = reader.next().await? {
        if asked.letters.takes(&letter) {
            let would = asked.action.would(&console.operator, &letter).await?;
            *trial.would.entry(would.word()).or_default() += 1;
            match would.why() {
                Some(why) => trial.stays.push(format!("{}: {why}", letter.shown())),
                None => trial.names.push(letter.name.clone()),
            }
        }
        reader.keep(letter);
    }
    reader.close().await;
    Ok(trial)
}

fn question(action: &LetterAction, trial: &Trial) -> Markup {
    let (count, word) = (trial.names.len(), verb(action));
    html! {
        p .effect { (action.effect(count)) "." }
        ul { @for (would, count) in &trial.would { li { (would.replace('_', " ")) ": " (count) } } }
        @if !trial.stays.is_empty() {
            details {
                summary { (trial.stays.len()) " stay as they are" }
                ul { @for line in trial.stays.iter().take(SHOWN) { li { (line) } } }
            }
        }
        form method="post" action="/console/dead/done" {
            input type="hidden" name="do" value=(word);
            input type="hidden" name="letters" value=(trial.names.join(" "));
            @if let LetterAction::Fail(why) = action { input type="hidden" name="why" value=(why); }
            div .actions {
                @if count > 0 { button type="submit" { "Yes, " (word) " " (count) } }
                a href=(PLACE) { "No, go back" }
            }
        }
    }
}

fn verb(action: &LetterAction) -> &'static str {
    match action {
        LetterAction::Replay => "replay",
        LetterAction::Drop => "drop",
        LetterAction::Fail(_) => "fail",
    }
}

/// Does it with the letters that were counted.
pub(crate) async fn done(
    State(console): State<Arc<Console>>,
    Acting(visitor): Acting,
    body: String,
) -> Result<Html<String>, Refusal> {
    let Asked { action, letters } = Asked::parse(&body)?;
    let LetterSelection::Named(names) = letters else {
        return Err(Refusal::Bad("letters: confirm the letters first".to_owned()));
    };
    let (word, subject) = (verb(&action), format!("{} dead letters", names.len()));
    let ended = finish(async move { act(&console, &action, &names).await }).await?;
    let result = ended.as_ref().map_or_else(ToString::to_string, |lines| lines.join("; "));
    audit::record(&visitor, word, &subject, &result);
    let lines = ended?;
    let content = html! {
        p .effect role="status" { "Done." }
        ul { @for line in lines.iter().take(SHOWN) { li { (line) } } }
        p { a href=(PLACE) { "Back to the dead letters" } }
    };
    Ok(page(&visitor, &content))
}

async fn act(
    console: &Console,
    action: &LetterAction,
    names: &HashSet<String>,
) -> Result<Vec<String>, Refusal> {
    let mut lines = Vec::new();
    let told = |id: &str, acted: &Acted| match acted {
        Acted::Done => {}
        Acted::Before => lines.push(format!("{id}: {} before, so it is removed", action.word())),
        Acted::Stays(_, why) => lines.push(format!("{id} stays: {why}")),
    };
    let (operator, broker) = (&console.operator, &console.broker);
    let tally = act_on_letters(operator, broker, action, names, told).await?;
    lines.insert(0, format!("{} {}", tally.done, action.word()));
    if tally.gone > 0 {
        lines.insert(1, format!("{} were not there any more", tally.gone));
    }
    if let Some(error) = tally.failed {
        lines.insert(1, format!("the rest was not begun, since one failed: {error}"));
    }
    Ok(lines)
}

fn page(visitor: &Visitor, content: &Markup) -> Html<String> {
    Page { title: "Dead letters", at: PLACE, visitor }.with(content)
}
