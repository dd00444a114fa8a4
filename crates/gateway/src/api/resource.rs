//! A job as a resource: what every interface shows of it, and its addresses.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, ETAG, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use operator::JobView;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::jobs::Known;

/// Seconds after which a job that has not ended may be asked for again.
const LOOK_AGAIN: u64 = 5;

/// A job, with addresses relative to the gateway.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Serialize)]
pub struct JobResource<'a> {
    #[serde(flatten)]
    job: JobView<'a>,
    status_url: String,
    cancel_url: String,
    events_url: String,
}

impl<'a> JobResource<'a> {
    pub(super) fn of(known: &'a Known) -> Self {
        let job = match known {
            Known::Record(record) => JobView::of(record),
            Known::Accepted(awaited) => JobView::of_acceptance(&awaited.key, &awaited.acceptance),
        };
        Self::with_addresses(job)
    }

    /// Without what may be large: a batch has many answers.
    pub(super) fn brief(known: &'a Known) -> Self {
        let whole = Self::of(known);
        Self { job: JobView { metadata: None, outputs: &[], ..whole.job }, ..whole }
    }

    pub(super) fn with_addresses(job: JobView<'a>) -> Self {
        let status_url = address(job.id);
        let below = |name| format!("{status_url}/{name}");
        let (cancel_url, events_url) = (below("cancel"), below("events"));
        Self { job, status_url, cancel_url, events_url }
    }
}

/// Of a job.
fn address(id: &str) -> String {
    format!("/api/v1/jobs/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// Changes whenever the job does.
pub(super) fn tag(known: &Known) -> String {
    match known {
        Known::Record(record) => format!("\"{:x}\"", record.revision),
        Known::Accepted(_) => "\"accepted\"".to_owned(),
    }
}

/// A job, with this status.
pub(super) fn respond(status: StatusCode, known: &Known) -> Response {
    let mut response = (status, Json(JobResource::of(known))).into_response();
    describe(response.headers_mut(), known);
    response
}

/// The job of a new request: 202 until it has ended.
pub(super) fn created(known: &Known) -> Response {
    let status = if known.has_ended() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = respond(status, known);
    if let Ok(address) = HeaderValue::from_str(&address(known.key().id.as_str())) {
        response.headers_mut().insert(LOCATION, address);
    }
    response
}

/// A client has the job as it is.
pub(super) fn unchanged(known: &Known) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    describe(response.headers_mut(), known);
    response
}

fn describe(headers: &mut HeaderMap, known: &Known) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag(known)) {
        headers.insert(ETAG, tag);
    }
    if !known.has_ended() {
        headers.insert(RETRY_AFTER, LOOK_AGAIN.into());
    }
}
