//! An operator ends a doubt.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use job::{JobKey, Problem, Record};
use maud::{Markup, html};
use operator::Decision;

use super::PLACE;
use crate::acting::finish;
use crate::audit;
use crate::console::Console;
use crate::refusal::Refusal;
use crate::visitor::Acting;

/// The three ways, each with what it means.
pub(super) fn forms(record: &Record) -> Markup {
    html! {
        div .actions {
            (way(record, "attach", "Attach its task", html! {
                p { "The provider has it, under this id: it is watched and announced." }
                label { "Task id" input type="text" name="task" required; }
            }))
            (way(record, "resubmit", "Submit it again", html! {
                p { "It is paid twice if the provider has it and does not enforce external ids." }
            }))
            (way(record, "fail", "End it as failed", html! {
                p { "Whatever became of its task, which may have been billed." }
                label { "Why" input type="text" name="why" required; }
            }))
        }
    }
}

fn way(record: &Record, path: &str, title: &str, fields: Markup) -> Markup {
    html! {
        details .act {
            summary { (title) }
            form method="post" action="/console/doubt" {
                (fields)
                input type="hidden" name="job" value=(record.key);
                input type="hidden" name="do" value=(path);
                button type="submit" { (title) }
            }
        }
    }
}

pub(crate) async fn settle(
    State(console): State<Arc<Console>>,
    Acting(visitor): Acting,
    body: String,
) -> Result<Redirect, Refusal> {
    let pairs: Vec<_> = form_urlencoded::parse(body.as_bytes()).collect();
    let value = |name: &str| {
        let found = pairs.iter().find(|pair| pair.0 == name);
        found.map_or("", |pair| pair.1.trim())
    };
    let key = JobKey::parse(value("job")).ok_or_else(|| Refusal::Bad("job: no job".to_owned()))?;
    let word = value("do");
    let decision = decision(word, value("task"), value("why"))?;
    let (subject, operator) = (key.to_string(), console.clone());
    let acting = async move { operator.operator.settle_doubt(&key, &decision).await };
    let done = finish(acting).await?;
    let result = match &done {
        Ok(record) => record.state.word().to_owned(),
        Err(error) => error.to_string(),
    };
    audit::record(&visitor, word, &subject, &result);
    done?;
    Ok(Redirect::to(PLACE))
}

fn decision(word: &str, task: &str, why: &str) -> Result<Decision, Refusal> {
    match word {
        "attach" => Ok(Decision::Attach { task_id: task.to_owned(), account: None }),
        "resubmit" => Ok(Decision::Resubmit { why: "an operator wants it sent again".to_owned() }),
        "fail" if why.is_empty() => Err(Refusal::Bad("why: its event tells it".to_owned())),
        "fail" => {
            let error = Problem::new("in_doubt", why)
                .advice("a task may have been created and billed: ask the provider");
            Ok(Decision::Fail { error })
        }
        _ => Err(Refusal::Bad("do: no decision".to_owned())),
    }
}
