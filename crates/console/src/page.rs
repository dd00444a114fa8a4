//! What all pages have in common.

use axum::http::StatusCode;
use axum::response::Html;
use maud::{DOCTYPE, Markup, html};

use crate::visitor::Visitor;

/// The pages that every page links to.
const PLACES: [(&str, &str); 7] = [
    ("/console", "Overview"),
    ("/console/jobs", "Jobs"),
    ("/console/dead", "Dead letters"),
    ("/console/doubt", "In doubt"),
    ("/console/pauses", "Pauses"),
    ("/console/costs", "Costs"),
    ("/console/configuration", "Configuration"),
];

/// A page for a visitor. `at`: the address of its place.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) at: &'a str,
    pub(crate) visitor: &'a Visitor,
}

impl Page<'_> {
    /// The element `live` of the content, if it has one, is kept up to date.
    pub(crate) fn with(&self, content: &Markup) -> Html<String> {
        let body = html! {
            a .skip href="#main" { "Skip to content" }
            header .top {
                a .brand href="/console" { "reelwork" }
                nav aria-label="Console" {
                    ul { @for (address, name) in PLACES { li { (self.place(address, name)) } } }
                }
                div .visitor {
                    span .status id="live-status" role="status" {}
                    @if self.visitor.has_key {
                        form method="post" action="/console/logout" {
                            button .quiet type="submit" { "Log out" }
                        }
                    }
                }
            }
            main id="main" {
                h1 { (self.title) }
                (content)
            }
        };
        document(self.title, &body)
    }

    fn place(&self, address: &str, name: &str) -> Markup {
        html! {
            @if self.at == address {
                a href=(address) aria-current="page" { (name) }
            } @else {
                a href=(address) { (name) }
            }
        }
    }
}

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
