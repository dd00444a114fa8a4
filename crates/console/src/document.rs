//! The frame of every page, and pages for whoever may not see more.

use axum::http::StatusCode;
use axum::response::Html;
use maud::{DOCTYPE, Markup, html};

/// A page that says one thing, for whoever may not see more.
pub(crate) fn message(status: StatusCode, text: &str) -> Html<String> {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = html! {
        main id="main" .alone {
            h1 { (title) }
            p role="alert" { (text) }
            p { a href="/console/jobs" { "Back to the jobs" } }
        }
    };
    document(title, &body)
}

pub(crate) fn document(title: &str, body: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · reelwork" }
                link rel="stylesheet" href="/console/assets/console.css";
                link rel="icon" href="/console/assets/icon.svg";
                script src="/console/assets/console.js" defer {}
            }
            body { (body) }
        }
    };
    Html(page.into_string())
}
