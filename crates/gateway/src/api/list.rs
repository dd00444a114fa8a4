//! Lists jobs, page by page.

use std::sync::Arc;

use api_keys::Scope;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use job::{Operation, StateKind, Tenant, Timestamp};
use operator::{JobView, Selection};
use ports::{Cursor, ListFilter};
use serde::Serialize;

use super::resource::JobResource;
use super::{answered, cursor};
use crate::jobs::Jobs;
use crate::refusal::Refusal;
use crate::request_id::RequestId;

const DEFAULT_LIMIT: usize = 50;
const MOST: usize = 500;

/// The names of metadata have this in front.
const METADATA: &str = "metadata.";

/// Parameters of a query, in its order.
type Parameters = Vec<(String, String)>;

/// One page. It may have fewer jobs than asked for, or none, and still go on.
#[derive(Serialize)]
struct Page<'a> {
    jobs: Vec<JobResource<'a>>,
    /// Passed back as `cursor`, it brings the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(super) async fn list(
    State(jobs): State<Arc<Jobs>>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let id = RequestId::of(&headers, jobs.clock.as_ref());
    answered(listed(&jobs, &parameters, &headers).await, &id)
}

async fn listed(
    jobs: &Jobs,
    parameters: &Parameters,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let caller = jobs.identify(headers, Scope::Read)?;
    let wanted = Wanted::read(parameters, caller.tenant)?;
    let _one = jobs.may_list()?;
    let filter = &wanted.selection.filter;
    let page = match jobs.ask(jobs.ledger.page(filter, wanted.after.as_ref())).await {
        // Again, it would take as long.
        Err(Refusal::Slow) => return Err(Refusal::ListTooLong),
        page => page?,
    };
    let found = page.records.iter().filter(|record| wanted.selection.takes(record));
    let shown = found
        .filter(|record| record.has_begun())
        .map(JobView::of)
        .map(JobResource::with_addresses)
        .collect();
    let next = page.next.as_ref().map(cursor::write);
    let link = next.as_ref().and_then(|next| link(parameters, next));
    let mut response = Json(Page { jobs: shown, next }).into_response();
    if let Some(link) = link {
        response.headers_mut().insert(axum::http::header::LINK, link);
    }
    Ok(response)
}

/// To the next page, with the same filters (RFC 8288).
fn link(parameters: &Parameters, next: &str) -> Option<HeaderValue> {
    let same = parameters.iter().filter(|(name, _)| name != "cursor");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(same).append_pair("cursor", next);
    HeaderValue::from_str(&format!("</api/v1/jobs?{}>; rel=\"next\"", query.finish())).ok()
}

/// What a query asks for.
#[derive(Debug)]
struct Wanted {
    selection: Selection,
    after: Option<Cursor>,
}

impl Wanted {
    fn read(parameters: &Parameters, tenant: Tenant) -> Result<Self, Refusal> {
        let filter =
            ListFilter { tenant: Some(tenant), limit: DEFAULT_LIMIT, ..ListFilter::default() };
        let selection = Selection { filter, ..Selection::default() };
        let mut wanted = Self { selection, after: None };
        for (name, value) in parameters {
            wanted.take(name, value)?;
        }
        Ok(wanted)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Refusal> {
        let selection = &mut self.selection;
        match name {
            "state" => selection.filter.states.extend(states(value)?),
            "operation" => selection.filter.operation = Some(Operation::new(value)),
            "model" => selection.model = Some(value.to_owned()),
            "error" => selection.error = Some(value.to_owned()),
            "since" => selection.filter.since = Some(moment(value)?),
            "limit" => selection.filter.limit = limit(value)?,
            "cursor" => self.after = Some(place(value)?),
            _ => match name.strip_prefix(METADATA).filter(|name| !name.is_empty()) {
                Some(name) => selection.metadata.push((name.to_owned(), value.to_owned())),
                None => return Err(unknown(name)),
            },
        }
        Ok(())
    }
}

/// One word, or several with commas.
fn states(words: &str) -> Result<Vec<StateKind>, Refusal> {
    let known = || StateKind::ALL.map(StateKind::word).join(", ");
    let wrong = || Refusal::Field("state", format!("one of {} is needed", known()));
    words.split(',').map(|word| StateKind::parse(word).ok_or_else(wrong)).collect()
}

fn moment(text: &str) -> Result<Timestamp, Refusal> {
    let wrong = || Refusal::Field("since", format!("{} is needed", Timestamp::FORM));
    Timestamp::parse(text).ok_or_else(wrong)
}

fn limit(text: &str) -> Result<usize, Refusal> {
    let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
    let wrong = || Refusal::Field("limit", format!("a whole number from 1 to {MOST} is needed"));
    limit.ok_or_else(wrong)
}

fn place(text: &str) -> Result<Cursor, Refusal> {
    let wrong = || Refusal::Field("cursor", "it is not the end of a page".to_owned());
    cursor::read(text).ok_or_else(wrong)
}

/// A misspelt filter would show jobs that are not meant.
fn unknown(name: &str) -> Refusal {
    let known = "state, operation, model, error, since, limit, cursor and metadata.NAME";
    Refusal::Field("parameter", format!("{name} is unknown; known are {known}"))
}
