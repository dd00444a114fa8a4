//! What protects visitors from other sites.

use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::refusal::Refusal;

/// Only its own script and style; results of jobs are shown from wherever the provider keeps them.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' https: http:; media-src https: http:; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// On every page.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let set = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in set {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let uncached = HeaderValue::from_static("no-store");
    response.headers_mut().entry(CACHE_CONTROL).or_insert(uncached);
    response
}

/// How long a visitor that is not known yet may take for a form.
const SOON: Duration = Duration::from_secs(10);

/// Whoever sends a form more slowly is refused.
pub(crate) async fn soon(request: Request, next: Next) -> Response {
    match timeout(SOON, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// Whether a page of the console has sent it. Browsers tell the site to encrypted and local addresses,
/// and the origin of every form.
pub(crate) fn is_of_own_page(headers: &HeaderMap) -> Result<(), Refusal> {
    let own = match headers.get("sec-fetch-site") {
        Some(_) => !listener::is_of_another_site(headers),
        None => is_of_own_origin(headers),
    };
    if own { Ok(()) } else { Err(Refusal::OtherSite) }
}

/// A program sends no origin, and cannot be led by another site.
fn is_of_own_origin(headers: &HeaderMap) -> bool {
    let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let host = headers.get(HOST).and_then(text);
    let origin = text(origin).and_then(|origin| Some(origin.split_once("://")?.1.to_owned()));
    origin.is_some() && origin == host
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn is_own(headers: &[(&'static str, &'static str)]) -> bool {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        is_of_own_page(&headers.iter().map(header).collect()).is_ok()
    }

    #[test]
    fn only_own_pages_send_actions() {
        let host = ("host", "queue.example:8081");
        assert!(is_own(&[host]), "a program");
        assert!(is_own(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(is_own(&[host, ("origin", "http://queue.example:8081")]));
        for other in ["cross-site", "same-site", "", "new"] {
            assert!(!is_own(&[host, ("sec-fetch-site", other)]), "{other}");
        }
        for other in ["null", "https://evil.example", "http://queue.example", "queue.example:8081"]
        {
            assert!(!is_own(&[host, ("origin", other)]), "{other}");
        }
        assert!(!is_own(&[("origin", "http://queue.example:8081")]), "to no host");
    }
}
