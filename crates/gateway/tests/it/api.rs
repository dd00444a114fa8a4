//! reelwork's own API.

mod waits;

use job::{JobKey, MAX_MESSAGE_BYTES};
use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{AWAY, Answer, Bench, NONE, REFUSES, SILENT};

const JOBS: &str = "/api/v1/jobs";

fn job() -> Value {
    json!({"operation": "videos/text2video", "request": {"prompt": "a cat"}})
}

fn named(id: &str) -> Value {
    json!({"id": id, "operation": "videos/text2video", "request": {"prompt": "a cat"}})
}

async fn with(bench: &Bench, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let request = bench.http.post(bench.url(JOBS)).json(body);
    let all = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::of(all).await
}

async fn get(bench: &Bench, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = bench.http.get(bench.url(path));
    let all = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    Answer::of(all).await
}

/// Status and code of a problem.
fn problem(answer: &Answer) -> (u16, &str) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let body = &answer.body;
    assert_eq!(body["status"], answer.status, "{body}");
    assert_eq!(answer.header("x-request-id"), body["request_id"].as_str());
    assert!(body["title"].is_string() && body["detail"].is_string(), "{body}");
    assert_eq!(body["retryable"], answer.headers.contains_key("retry-after"), "{body}");
    let code = body["code"].as_str().unwrap();
    assert!(body["type"].as_str().unwrap().ends_with(code), "{body}");
    (answer.status, code)
}

#[tokio::test]
async fn a_job_is_published_and_shown() {
    let bench = Bench::new().await;
    let mut body = job();
    body["metadata"] = json!({"order": "42"});
    let created = bench.post(JOBS, &body).await;
    assert_eq!(created.status, 202, "{}", created.body);
    let id = created.body["id"].as_str().unwrap();
    let address = format!("{JOBS}/{}", id.replace('-', "%2D"));
    assert_eq!(created.header("location"), Some(address.as_str()));
    assert_eq!(created.header("retry-after"), Some("5"));
    assert_eq!(created.body["state"], "queued");
    assert_eq!(created.body["status_url"], address);
    let published = bench.published().await;
    assert_eq!(published.len(), 1);
    assert_eq!(
        (&published[0]["id"], &published[0]["metadata"]["order"]),
        (&json!(id), &json!("42"))
    );
    assert_eq!(published[0]["tenant"], "default");
    let shown = bench.get(&address).await;
    assert_eq!((shown.status, &shown.body), (200, &created.body));
}

#[tokio::test]
async fn a_repeated_request_is_the_same_job() {
    let bench = Bench::new().await;
    for (id, key) in
        [(Some("a"), None), (None, Some("\"b\"")), (None, Some("c")), (Some("d"), Some("d"))]
    {
        let body = id.map_or_else(job, named);
        let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
        let first = with(&bench, &body, &headers).await;
        assert_eq!((first.status, first.header("idempotency-replayed")), (202, None));
        let again = with(&bench, &body, &headers).await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (202, Some("true")));
        assert_eq!(first.body, again.body);
        let expected = id.unwrap_or_else(|| key.unwrap().trim_matches('"'));
        assert_eq!(first.body["id"], expected);
        let mut dog = body.clone();
        dog["request"]["prompt"] = "a dog".into();
        assert_eq!(problem(&with(&bench, &dog, &headers).await), (409, "conflict"));
    }
    assert_eq!(bench.published().await.len(), 4);
    for id in [".", ".."] {
        assert_eq!(problem(&with(&bench, &named(id), &[]).await), (400, "bad_field"), "{id}");
        let header = with(&bench, &job(), &[("idempotency-key", id)]).await;
        assert_eq!(problem(&header), (400, "bad_field"), "{id}");
    }
    let both = with(&bench, &named("a"), &[("idempotency-key", "b")]).await;
    assert_eq!(problem(&both), (400, "bad_field"));
}

#[tokio::test]
async fn what_cannot_be_done_is_a_problem_with_its_place() {
    let bench = Bench::new().await;
    let request = |field: &str, value: Value| {
        let mut body = job();
        body["request"][field] = value;
        body.to_string()
    };
    for (body, status, code, pointer) in [
        (String::new(), 400, "bad_body", None),
        ("[]".to_owned(), 400, "bad_body", None),
        ("{".to_owned(), 400, "bad_body", None),
        ("{}".to_owned(), 400, "invalid_job", Some("#/operation")),
        (request("prompt", json!("x".repeat(3000))), 400, "invalid_job", Some("#/request/prompt")),
        (
            json!({"operation": "videos/poem", "request": {}}).to_string(),
            400,
            "invalid_job",
            Some("#/operation"),
        ),
        (
            json!({"operation": "videos/text2video", "request": {"prompt": "x"}, "prio": 1})
                .to_string(),
            400,
            "invalid_job",
            Some("#/prio"),
        ),
        (named(&"x".repeat(200)).to_string(), 400, "invalid_job", Some("#/id")),
        (
            json!({"id": 7, "operation": "videos/text2video", "request": {"prompt": "x"}})
                .to_string(),
            400,
            "invalid_job",
            Some("#/id"),
        ),
        (request("image", json!("A".repeat(MAX_MESSAGE_BYTES))), 413, "too_large", None),
    ] {
        let shown = body.chars().take(80).collect::<String>();
        let refused = bench.ask(Method::POST, JOBS, body).await;
        assert_eq!(problem(&refused), (status, code), "{shown}: {}", refused.body);
        assert_eq!(
            refused.body["errors"][0]["pointer"].as_str(),
            pointer,
            "{shown}: {}",
            refused.body
        );
    }
    let text = bench.http.post(bench.url(JOBS)).body("{}").header("content-type", "text/plain");
    assert_eq!(problem(&Answer::of(text).await), (400, "bad_body"));
    assert!(bench.published().await.is_empty());
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_and_a_wrong_method_is_told() {
    let bench = Bench::new().await;
    for path in ["/jobs/none", "/jobs/none/events", "/poems", "/jobs/a/b/c", "/jobs/%FF", ""] {
        let refused = bench.get(&format!("/api/v1{path}")).await;
        assert_eq!(problem(&refused), (404, "unknown"), "{path}");
    }
    let cancel = bench.post("/api/v1/jobs/none/cancel", &json!({})).await;
    assert_eq!(problem(&cancel), (404, "unknown"));
    let key = JobKey::parse("default/none").unwrap();
    assert!(bench.ledger.load(&key).await.unwrap().is_none(), "nothing is cancelled ahead");
    for (method, path) in
        [(Method::DELETE, "/jobs/a"), (Method::PUT, "/jobs"), (Method::GET, "/batches")]
    {
        let refused = bench.ask(method.clone(), &format!("/api/v1{path}"), "{}").await;
        assert_eq!(problem(&refused), (405, "wrong_method"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_client_that_has_the_job_as_it_is_gets_it_once() {
    let bench = Bench::new().await;
    bench.post(JOBS, &named("a")).await;
    let path = format!("{JOBS}/a");
    let first = get(&bench, &path, &[]).await;
    let tag = first.header("etag").unwrap().to_owned();
    for tags in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let again = get(&bench, &path, &[("if-none-match", &tags)]).await;
        assert_eq!((again.status, &again.body), (304, &json!("")), "{tags}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
    }
    bench.is_recorded("a", "a cat").await;
    let changed = get(&bench, &path, &[("if-none-match", &tag)]).await;
    assert_eq!((changed.status, &changed.body["state"]), (200, &json!("pending")));
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}

fn ids(page: &Value) -> Vec<&str> {
    page["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn jobs_are_listed_page_by_page_and_by_what_they_are() {
    let bench = Bench::new().await;
    for n in 0..5 {
        bench.is_recorded(&format!("p{n}"), "a cat").await;
    }
    bench.waits("q").await;
    bench.is_dropped("dropped", "a cat").await;
    let mut path = format!("{JOBS}?limit=2&state=pending");
    let mut all = Vec::new();
    for pages in 0.. {
        let page = bench.get(&path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        all.extend(ids(&page.body).into_iter().map(str::to_owned));
        let Some(next) = page.body["next"].as_str() else { break };
        path = format!("{JOBS}?limit=2&state=pending&cursor={next}");
        let link = page.header("link").unwrap();
        assert!(link.contains(next) && link.contains("limit=2") && link.ends_with("rel=\"next\""));
        assert!(pages < 10, "a list ends");
    }
    assert_eq!(all, ["p4", "p3", "p2", "p1", "p0"]);
    for (query, expected) in [
        ("state=queued", vec!["q"]),
        ("state=queued,pending&limit=500", vec!["q", "p4", "p3", "p2", "p1", "p0"]),
        ("operation=images/generations", vec![]),
        ("error=moderation", vec![]),
        ("metadata.order=42", vec![]),
        ("model=kling-v1", vec![]),
    ] {
        let page = bench.get(&format!("{JOBS}?{query}")).await;
        let mut found = ids(&page.body);
        let mut expected = expected;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
    }
    for query in
        ["state=lost", "limit=0", "limit=501", "limit=x", "since=now", "cursor=x", "stat=queued"]
    {
        let refused = bench.get(&format!("{JOBS}?{query}")).await;
        assert_eq!(problem(&refused), (400, "bad_field"), "{query}");
    }
}

#[tokio::test]
async fn a_job_is_cancelled_until_it_is_submitted() {
    let bench = Bench::new().await;
    let cancel = async |id: &str| bench.post(&format!("{JOBS}/{id}/cancel"), &json!({})).await;
    bench.waits("waits").await;
    for _ in 0..2 {
        let cancelled = cancel("waits").await;
        assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")));
    }
    bench.is_recorded("sent", "a cat").await;
    let late = cancel("sent").await;
    assert_eq!(problem(&late), (409, "too_late"));
    assert!(late.body["detail"].as_str().unwrap().contains("pending"), "{}", late.body);
    bench.post(JOBS, &named("on-its-way")).await;
    let ahead = cancel("on-its-way").await;
    assert_eq!(ahead.status, 202, "when a worker meets it");
    let key = JobKey::parse("default/on-its-way").unwrap();
    assert!(bench.ledger.load(&key).await.unwrap().is_some(), "it is written down");
}

fn ids_of(jobs: &[Value]) -> Vec<&str> {
    jobs.iter().map(|job| job["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_line_of_a_batch_stands_for_itself() {
    let bench = Bench::new().await;
    let lines = [
        named("a").to_string(),
        String::new(),
        "{".to_owned(),
        named("b").to_string(),
        named("a").to_string(),
    ];
    let batch = async |body: String| {
        let request = bench.http.post(bench.url("/api/v1/batches")).body(body);
        Answer::of(request.header("content-type", "application/jsonl")).await
    };
    let answer = batch(lines.join("\n")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = answer.body.as_str().unwrap();
    let told: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let shown: Vec<_> =
        told.iter().map(|line| (line["line"].as_u64(), line["status"].as_u64())).collect();
    assert_eq!(
        shown,
        [(Some(1), Some(202)), (Some(3), Some(400)), (Some(4), Some(202)), (Some(5), Some(202))]
    );
    assert_eq!(told[1]["problem"]["code"], "bad_body");
    assert_eq!(told[2]["job"]["id"], "b");
    let mut published = bench.published().await;
    published.sort_by_key(|job| job["id"].to_string());
    published.dedup();
    assert_eq!(ids_of(&published), ["a", "b"]);
    let named = bench.http.post(bench.url("/api/v1/batches")).header("idempotency-key", "x");
    let named = Answer::of(named.header("content-type", "application/jsonl").body("{}")).await;
    assert_eq!(problem(&named), (400, "bad_field"), "it would name one of many jobs");
    let long = batch(vec!["{}"; 1001].join("\n")).await;
    assert_eq!(problem(&long), (400, "bad_field"));
}

#[tokio::test]
async fn nothing_is_accepted_while_the_broker_takes_nothing() {
    let bench = Bench::new().await;
    for fault in [AWAY, REFUSES] {
        bench.fails(fault);
        let refused = bench.post(JOBS, &named("a")).await;
        assert_eq!(problem(&refused), (503, "unavailable"));
        let shown = bench.get("/api/v1/jobs/a").await.status;
        assert!(matches!(shown, 404 | 504), "{shown}");
    }
    bench.fails(SILENT);
    let unknown = bench.post(JOBS, &named("b")).await;
    assert_eq!(problem(&unknown), (504, "may_be_accepted"));
    assert!(unknown.body["detail"].as_str().unwrap().contains("id b"), "{}", unknown.body);
    bench.fails(NONE);
    for id in ["a", "b"] {
        assert_eq!(bench.post(JOBS, &named(id)).await.status, 202);
    }
}

#[tokio::test]
async fn nothing_is_unknown_for_certain_while_the_ledger_is_restored() {
    let bench = Bench::new().await;
    bench.waits("a").await;
    bench.is_being_restored().await;
    assert_eq!(problem(&bench.get("/api/v1/jobs/none").await), (503, "unavailable"));
    assert_eq!(problem(&bench.post(JOBS, &job()).await), (503, "unavailable"));
    assert_eq!(problem(&bench.get(JOBS).await), (503, "unavailable"));
    let cancel = bench.post("/api/v1/jobs/a/cancel", &json!({})).await;
    assert_eq!(cancel.status, 503, "{}", cancel.body);
}

#[tokio::test]
async fn a_job_that_did_not_succeed_is_done_again_once() {
    let bench = Bench::new().await;
    let retry = async |id: &str| bench.post(&format!("{JOBS}/{id}/retry"), &json!({})).await;
    bench.has_failed("failed").await;
    let retried = retry("failed").await;
    assert_eq!((retried.status, &retried.body["round"]), (202, &json!(2)), "{}", retried.body);
    assert_eq!(retried.body["state"], "queued");
    assert_eq!(problem(&retry("failed").await), (409, "not_retried"), "its round has begun");
    let key = JobKey::parse("default/failed").unwrap();
    let record = bench.ledger.load(&key).await.unwrap().unwrap().record;
    assert_eq!((record.round, record.acknowledged), (2, true));
    bench.is_recorded("runs", "a cat").await;
    bench.post(JOBS, &named("accepted")).await;
    for id in ["runs", "accepted"] {
        assert_eq!(problem(&retry(id).await), (409, "not_retried"), "{id}");
    }
    assert_eq!(problem(&retry("none").await), (404, "unknown"));
}
