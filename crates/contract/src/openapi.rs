use gateway::{JobResource, KINDS, ROUTES, Route};
use job::StateKind;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::job_message::job_message;
use crate::references::inlined;
use crate::schema::{Draft, written};

/// A problem (RFC 9457). Programs decide by its `code`.
#[derive(JsonSchema, Serialize)]
struct Problem {
    r#type: String,
    title: String,
    status: u16,
    /// For people.
    detail: String,
    code: String,
    /// As in the header `X-Request-Id`, and in the gateway's log.
    request_id: String,
    /// The same request may do better after `Retry-After`.
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<Place>>,
}

/// Where the body is wrong.
#[derive(JsonSchema, Serialize)]
struct Place {
    /// A JSON pointer as a fragment, such as `#/request/prompt`.
    pointer: String,
    detail: String,
}

/// One page of a list. It may have fewer jobs than asked for, or none, and still go on.
#[derive(JsonSchema, Serialize)]
struct Page {
    jobs: Vec<Map<String, Value>>,
    /// Passed back as `cursor`, it brings the next page. Without it, the list has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What became of a line of a batch, counted from 1.
#[derive(JsonSchema, Serialize)]
struct Line {
    line: u32,
    status: u16,
    /// If it was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Map<String, Value>>,
    /// If it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Map<String, Value>>,
}

/// OpenAPI 3.1 of reelwork's own API, which `gateway.jobs_api` serves.
pub fn openapi() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "reelwork",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Submit jobs, follow and cancel them. An accepted job is in the broker: it is done once by its id, however often it is sent.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}],
        "paths": paths(),
        "components": {
            "securitySchemes": {"key": {
                "type": "http", "scheme": "bearer",
                "description": "A key of `reelwork keys create`. Programs on the gateway's machine need none where no keys are configured.",
            }},
            "schemas": schemas(),
        },
    })
}

fn schemas() -> Value {
    let of = |schema: Value| inlined(schema);
    let mut page = of(written::<Page>(Draft::Draft2020, "page", "A page of jobs"));
    page["properties"]["jobs"]["items"] = reference("Job");
    let mut line = of(written::<Line>(Draft::Draft2020, "line", "A line of a batch"));
    line["properties"]["job"]["$ref"] = reference("Job")["$ref"].clone();
    line["properties"]["problem"]["$ref"] = reference("Problem")["$ref"].clone();
    let mut problem = of(written::<Problem>(Draft::Draft2020, "problem", "A problem"));
    problem["properties"]["code"]["enum"] = KINDS.iter().map(|kind| kind.code).collect();
    let mut job = of(written::<JobResource<'static>>(Draft::Draft2020, "job", "A job"));
    job["properties"]["state"]["enum"] = json!(StateKind::ALL.map(StateKind::word));
    for name in ["created_at", "submitted_at", "finished_at"] {
        job["properties"][name]["format"] = "date-time".into();
    }
    let mut new = of(job_message(Draft::Draft2020));
    new["properties"]["id"]["description"] =
        "The idempotency key: the same again is the same job, done once. Without one, and without the header `Idempotency-Key`, the job gets a new id.".into();
    new["properties"]["tenant"]["description"] = "That of the key, or absent.".into();
    json!({
        "NewJob": new, "Job": job, "Page": page, "Line": line,
        "Problem": problem,
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for route in &ROUTES {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method] = operation(route);
    }
    paths
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "parameters": parameters(route),
        "responses": responses(route),
    });
    match route.scope {
        Some(scope) => {
            operation["description"] = format!("The key needs the scope `{scope}`.").into()
        }
        None => operation["security"] = json!([]),
    }
    if let Some(body) = body(route) {
        operation["requestBody"] = body;
    }
    operation
}

fn body(route: &Route) -> Option<Value> {
    let content = match route.name {
        "createJob" => json!({"application/json": {"schema": reference("NewJob")}}),
        "createJobs" => json!({"application/jsonl": {
            "schema": {"type": "string", "description": "One `NewJob` a line, at most 1,000 lines and 8 MiB."},
        }}),
        _ => return None,
    };
    Some(json!({"required": true, "content": content}))
}

/// A parameter of a query or a header.
fn parameter(place: &str, name: &str, schema: &Value, description: &str) -> Value {
    json!({"in": place, "name": name, "schema": schema, "description": description})
}

fn parameters(route: &Route) -> Vec<Value> {
    let text = json!({"type": "string"});
    let mut all = Vec::new();
    if route.path.contains("{id}") {
        let id = json!({"type": "string", "minLength": 1, "maxLength": job::MAX_ID_BYTES});
        let mut id = parameter("path", "id", &id, "The id of the job.");
        id["required"] = true.into();
        all.push(id);
    }
    let wait = parameter(
        "header",
        "Prefer",
        &text,
        "`wait=n`: answer when the job has ended, after n seconds at the latest (60 at most).",
    );
    match route.name {
        "createJob" => {
            let key = "Takes the place of a missing `id`, with quotes or without.";
            all.push(parameter("header", "Idempotency-Key", &text, key));
            all.push(wait);
        }
        "getJob" => {
            let tag = "The `ETag` of an earlier answer: 304 if the job has not changed. With a wait: until it changes.";
            all.push(parameter("header", "If-None-Match", &text, tag));
            all.push(wait);
            let seconds = json!({"type": "integer", "minimum": 0});
            all.push(parameter("query", "wait", &seconds, "As `Prefer: wait=n`."));
        }
        "followJob" => {
            let last = "The id of the last event: that state is not sent again.";
            all.push(parameter("header", "Last-Event-ID", &text, last));
        }
        "listJobs" => all.extend(filters()),
        _ => {}
    }
    all
}

fn filters() -> Vec<Value> {
    let text = json!({"type": "string", "minLength": 1});
    let states = json!({
        "type": "array", "items": {"enum": StateKind::ALL.map(StateKind::word)},
    });
    let mut state = parameter("query", "state", &states, "Jobs in one of these states.");
    state["explode"] = true.into();
    let limit = json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 50});
    let since = json!({"type": "string", "format": "date-time"});
    vec![
        state,
        parameter("query", "operation", &text, "Such as `videos/text2video`."),
        parameter("query", "model", &text, "As the request names it."),
        parameter("query", "error", &text, "The kind of the error with which a job ended."),
        parameter("query", "since", &since, "Recorded at this moment or later."),
        parameter("query", "limit", &limit, "Jobs of a page."),
        parameter("query", "cursor", &text, "The `next` of the page before."),
        metadata_filter(),
    ]
}

/// `metadata.order=42`.
fn metadata_filter() -> Value {
    let values = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let words = "Jobs with this in their metadata: each name with `metadata.` in front, such as `metadata.order=42`.";
    let mut filter = parameter("query", "metadata", &values, words);
    filter["style"] = "form".into();
    filter["explode"] = true.into();
    filter
}

/// An answer with a body of this type.
fn answer(description: &str, kind: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {kind: {"schema": schema}}})
}

fn responses(route: &Route) -> Map<String, Value> {
    let job = |description| answer(description, "application/json", &reference("Job"));
    let good = match route.name {
        "createJob" => vec![("202", job("It is accepted.")), ("200", job("It has ended."))],
        "getJob" => vec![
            ("200", job("The job.")),
            ("304", json!({"description": "The client has it as it is."})),
        ],
        "cancelJob" => vec![
            ("200", job("It is cancelled.")),
            ("202", job("It is cancelled when its message comes to a worker.")),
        ],
        "retryJob" => vec![("202", job("A new round has begun."))],
        "followJob" => vec![(
            "200",
            answer(
                "Events named `state`; their data is the job.",
                "text/event-stream",
                &json!({"type": "string"}),
            ),
        )],
        "listJobs" => vec![("200", answer("A page.", "application/json", &reference("Page")))],
        "createJobs" => vec![(
            "200",
            answer("One `Line` for each line.", "application/jsonl", &json!({"type": "string"})),
        )],
        _ => vec![("200", answer("The document.", "application/json", &json!({"type": "object"})))],
    };
    let mut all: Map<String, Value> =
        good.into_iter().map(|(status, answer)| (status.to_owned(), answer)).collect();
    if route.scope.is_some() {
        all.extend(refused(route));
    }
    all
}

/// By status, with the codes of its problems.
fn refused(route: &Route) -> Map<String, Value> {
    let mut all = Map::new();
    for kind in KINDS.iter().filter(|kind| kind.may_come(route)) {
        let status = kind.status.to_string();
        let more = format!("`{}`: {}", kind.code, kind.title);
        let before = all.get(&status).and_then(|answer: &Value| answer["description"].as_str());
        let description = before.map_or(more.clone(), |before| format!("{before} {more}"));
        let schema = reference("Problem");
        all.insert(status, answer(&description, "application/problem+json", &schema));
    }
    all
}

#[cfg(test)]
mod tests {
    use api_keys::Scope;

    use super::*;

    #[test]
    fn every_route_that_needs_a_key_tells_its_scope_and_its_refusals() {
        let document = openapi();
        for route in &ROUTES {
            let operation = &document["paths"][route.path][route.method];
            let needs = route.scope.map(Scope::word);
            let told = operation["description"].as_str();
            assert_eq!(needs.is_some(), told.is_some_and(|told| told.contains(needs.unwrap())));
            assert_eq!(needs.is_some(), operation["responses"]["401"].is_object(), "{route:?}");
        }
        let text = document.to_string();
        assert!(!text.contains("#/$defs/"), "references are resolved");
    }
}
