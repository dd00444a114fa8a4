//! A visitor logs in with a key, which the browser then keeps until it is closed.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::html;
use serde::Deserialize;

use crate::console::{Access, Console};
use crate::cookie::NAME;
use crate::document::document;
use crate::guard;
use crate::refusal::Refusal;
use crate::visitor::Visitor;

/// Scripts cannot read it, and no other site's page sends it.
const ATTRIBUTES: &str = "HttpOnly; SameSite=Strict; Path=/console";

pub(crate) async fn form() -> Response {
    let body = html! {
        main id="main" .alone {
            h1 { "Log in" }
            form method="post" action="/console/login" {
                label for="key" { "Key, with the scope " code { "view" } " or " code { "operate" } }
                input id="key" name="key" type="password" autocomplete="current-password" required;
                button type="submit" { "Log in" }
            }
            p .note { "An operator makes one with "
                code { "reelwork keys create --tenant NAME --scope operate" } "." }
        }
    };
    document("Log in", &body).into_response()
}

#[derive(Deserialize)]
pub(crate) struct Entered {
    key: String,
}

pub(crate) async fn log_in(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Form(Entered { key }): Form<Entered>,
) -> Result<Response, Refusal> {
    guard::is_of_own_page(&headers)?;
    let Access::Keyed(ring) = &console.settings.access else { return Ok(to_jobs(None)) };
    let key = key.trim();
    let visitor = Visitor::with_key(&console, ring, key)?;
    tracing::info!(target: "console::audit", by = visitor.name, "an operator has logged in");
    let secure = if is_encrypted(&headers) { "; Secure" } else { "" };
    Ok(to_jobs(Some(format!("{NAME}={key}; {ATTRIBUTES}{secure}"))))
}

/// A proxy in front of the console tells that the browser's connection is encrypted.
fn is_encrypted(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|protocol| protocol == "https")
}

pub(crate) async fn log_out(headers: HeaderMap) -> Result<Response, Refusal> {
    guard::is_of_own_page(&headers)?;
    Ok(to_jobs(Some(format!("{NAME}=; {ATTRIBUTES}; Max-Age=0"))))
}

fn to_jobs(cookie: Option<String>) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, "/console/jobs")]).into_response();
    if let Some(cookie) = cookie.and_then(|cookie| cookie.parse().ok()) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}
