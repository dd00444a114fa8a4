//! Responses that a proxy gives in the provider's place: none of them is the provider's.

use kling::HttpResponse;

use crate::chance::Chance;

const PAGES: [(u16, &str, &str); 9] = [
    (403, "text/html", "<html><title>Just a moment...</title>checking your browser</html>"),
    (403, "text/plain", ""),
    (404, "text/html", "<html><h1>404 Not Found</h1><hr>nginx</html>"),
    (451, "text/html", "<html>unavailable for legal reasons</html>"),
    (403, "application/json", r#"{"error":"forbidden"}"#),
    (
        404,
        "application/json",
        r#"{"error":{"message":"Invalid URL","type":"invalid_request_error"}}"#,
    ),
    (401, "text/html", "<html>sign in</html>"),
    (407, "text/html", "<html>proxy authentication required</html>"),
    (302, "text/html", "<html>moved</html>"),
];

/// Any of them.
pub(crate) fn any(chance: &Chance) -> HttpResponse {
    let at = usize::try_from(chance.below(PAGES.len() as u64)).unwrap_or(0);
    let (status, content_type, body) = PAGES[at];
    HttpResponse {
        status,
        content_type: Some(content_type.to_owned()),
        retry_after: None,
        body: body.into(),
    }
}
