//! The configuration of this process, without its secrets.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Html;
use maud::html;

use crate::console::Console;
use crate::page::Page;
use crate::visitor::Visitor;

pub(crate) async fn page(State(console): State<Arc<Console>>, visitor: Visitor) -> Html<String> {
    let content = html! {
        p .note { "Of the process that serves this page. Secrets are left out." }
        div .scroll tabindex="0" role="region" aria-label="Configuration" {
            table {
                thead { tr {
                    th scope="col" { "Key" } th scope="col" { "Value" } th scope="col" { "From" }
                } }
                tbody {
                    @for row in &console.settings.configuration {
                        tr {
                            td { code { (row.key) } }
                            td { (row.value.as_deref().unwrap_or("(not set)")) }
                            td { (row.source) }
                        }
                    }
                }
            }
        }
    };
    Page { title: "Configuration", at: "/console/configuration", visitor: &visitor }.with(&content)
}
