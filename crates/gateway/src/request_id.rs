//! The name of a request in answers and logs.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use ports::Clock;

pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const MOST_BYTES: usize = 128;

/// The client's own, if it is fit for a log, or a new one.
pub(crate) struct RequestId(String);

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap, clock: &dyn Clock) -> Self {
        let own = headers.get(HEADER).and_then(|id| id.to_str().ok()).filter(|id| is_fit(id));
        Self(own.map_or_else(|| clock.fresh_id().to_string(), str::to_owned))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn put_into(&self, response: &mut Response) {
        if let Ok(id) = HeaderValue::from_str(&self.0) {
            response.headers_mut().insert(HEADER, id);
        }
    }
}

fn is_fit(id: &str) -> bool {
    (1..=MOST_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}
