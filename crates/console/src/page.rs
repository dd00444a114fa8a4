//! What all pages have in common.

use axum::response::Html;
use maud::{Markup, html};

use crate::document::document;
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
