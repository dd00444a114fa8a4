//! Clients with keys: who is served, with what, and how much of it.

use api_keys::{ApiKey, Scope};
use gateway::ROUTES;
use job::{Allowance, Cap, Money, Timestamp};
use reqwest::Method;
use serde_json::json;

use crate::bench::{AWAY, Answer, Bench, NONE, REFUSES, SILENT, T2V, key, ring};

const ALL: [Scope; 3] = Scope::OF_TENANT;

fn everything() -> Allowance {
    Allowance::default()
}

/// A request with this key.
async fn ask(bench: &Bench, shown: &str, method: Method, path: &str, body: &str) -> Answer {
    let kind = match path.ends_with("/batches") {
        true => "application/jsonl",
        false => "application/json",
    };
    let request = bench.http.request(method, bench.url(path)).bearer_auth(shown);
    Answer::of(request.header("content-type", kind).body(body.to_owned())).await
}

async fn post(bench: &Bench, shown: &str, id: &str) -> Answer {
    let body = json!({"prompt": "a cat", "external_task_id": id}).to_string();
    ask(bench, shown, Method::POST, T2V, &body).await
}

/// Every route that needs a key, with a request that is good for the job `a`, and its scope.
fn routes() -> Vec<(Method, String, String, Scope)> {
    let request = json!({"prompt": "a cat"});
    let job = json!({"operation": "videos/text2video", "request": request}).to_string();
    let own = ROUTES.iter().filter_map(|route| {
        let method = route.method.to_uppercase().parse().unwrap();
        let path = format!("/api/v1{}", route.path.replace("{id}", "a"));
        Some((method, path, job.clone(), route.scope?))
    });
    let kling = ["/v1", "/kling/v1"].into_iter().flat_map(|prefix| {
        let path = format!("{prefix}/videos/text2video");
        [
            (Method::POST, path.clone(), request.to_string(), Scope::Submit),
            (Method::GET, path.clone(), String::new(), Scope::Read),
            (Method::GET, format!("{path}/a"), String::new(), Scope::Read),
        ]
    });
    own.chain(kling).collect()
}

#[tokio::test]
async fn a_client_without_a_good_key_gets_nothing_on_any_route() {
    let (one, shown) = key("default", &ALL, everything());
    let (revoked, revoked_shown) = key("default", &ALL, everything());
    let revoked = ApiKey { revoked_at: Some(Timestamp::EPOCH), ..revoked };
    let (expired, expired_shown) = key("default", &ALL, everything());
    let expired = ApiKey { expires_at: Some(Timestamp::EPOCH), ..expired };
    let bench = Bench::keyed(&ring(&[&one, &revoked, &expired])).await;
    bench.is_recorded("a", "a cat").await;
    let (_, unknown) = key("default", &ALL, everything());
    for (method, path, body, _) in routes() {
        for (wrong, code) in [
            ("any", 1002),
            (unknown.as_str(), 1002),
            (&shown[..shown.len() - 1], 1002),
            (&revoked_shown, 1002),
            (&expired_shown, 1004),
        ] {
            let refused = ask(&bench, wrong, method.clone(), &path, &body).await;
            assert_eq!(refused.status, 401, "{method} {path}: {}", refused.body);
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
            let codes = [json!(code), json!("bad_key")];
            assert!(codes.contains(&refused.body["code"]), "{path}: {}", refused.body);
        }
        let request = bench.http.request(method.clone(), bench.url(&path)).body(body);
        let refused = Answer::of(request).await;
        let codes = [json!(1001), json!("no_key")];
        assert_eq!(refused.status, 401, "{method} {path}");
        assert!(codes.contains(&refused.body["code"]), "{path}: {}", refused.body);
    }
    assert!(bench.published().await.is_empty());
}

#[tokio::test]
async fn a_key_does_only_what_its_scopes_allow() {
    for (method, path, body, needed) in routes() {
        let others: Vec<_> = ALL.into_iter().filter(|scope| *scope != needed).collect();
        let ((with, with_shown), (without, without_shown)) =
            (key("default", &[needed], everything()), key("default", &others, everything()));
        let bench = Bench::keyed(&ring(&[&with, &without])).await;
        if path.ends_with("/retry") {
            bench.has_failed("a").await;
        } else {
            bench.waits("a").await;
        }
        let refused = ask(&bench, &without_shown, method.clone(), &path, &body).await;
        assert_eq!(refused.status, 403, "{method} {path}: {}", refused.body);
        if !path.ends_with("/events") {
            let done = ask(&bench, &with_shown, method.clone(), &path, &body).await;
            assert!(done.status < 300, "{method} {path}: {}", done.body);
        }
    }
}

/// A key of tenant `other` on every route, about a job of tenant `default`.
#[tokio::test]
async fn a_tenant_sees_and_changes_nothing_of_another() {
    let (own, shown) = key("default", &ALL, everything());
    let (other, other_shown) = key("other", &ALL, everything());
    let bench = Bench::keyed(&ring(&[&own, &other])).await;
    bench.waits("a").await;
    let before = ask(&bench, &shown, Method::GET, "/api/v1/jobs/a", "").await;
    assert_eq!(before.body["state"], "queued");
    for (method, path, body, scope) in routes() {
        let answer = ask(&bench, &other_shown, method.clone(), &path, &body).await;
        let text = answer.body.to_string();
        match (path.contains("/a"), scope) {
            _ if path.contains("jobs/a") || path.ends_with("video/a") => {
                assert_eq!(answer.status, 404, "{method} {path}: {text}");
            }
            (_, Scope::Read) => {
                assert_eq!(answer.status, 200, "{method} {path}: {text}");
                assert!(!text.contains("\"a\""), "{method} {path}: {text}");
            }
            (_, Scope::Submit | Scope::Cancel | Scope::View | Scope::Operate) => {
                assert!(answer.status < 300, "{method} {path}: {text}");
            }
        }
    }
    let after = ask(&bench, &shown, Method::GET, "/api/v1/jobs/a", "").await;
    assert_eq!(after.body, before.body);
    let published = bench.published().await;
    assert!(!published.is_empty() && published.iter().all(|job| job["tenant"] == "other"));

    // The same id is another job, and the tenant of a message cannot be chosen.
    assert_eq!(post(&bench, &other_shown, "a").await.id(), "a");
    let body = json!({
        "operation": "videos/text2video", "request": {"prompt": "a cat"}, "tenant": "default",
    });
    let chosen = ask(&bench, &other_shown, Method::POST, "/api/v1/jobs", &body.to_string()).await;
    assert_eq!((chosen.status, &chosen.body["code"]), (400, &json!("bad_field")));
    let cursor = ask(&bench, &shown, Method::GET, "/api/v1/jobs?limit=1", "").await;
    assert_eq!(cursor.body["jobs"][0]["id"], "a");
}

#[tokio::test]
async fn keys_are_replaced_while_clients_are_served() {
    let (one, shown) = key("default", &ALL, everything());
    let keys = ring(&[&one]);
    let bench = Bench::keyed(&keys).await;
    assert_eq!(post(&bench, &shown, "a").await.status, 200);
    let (next, next_shown) = key("default", &ALL, everything());
    keys.replace([next].into_iter().collect());
    assert_eq!(post(&bench, &shown, "b").await.refusal(), (401, 1002));
    assert_eq!(post(&bench, &next_shown, "b").await.status, 200);
}

#[tokio::test]
async fn a_key_submits_no_more_a_minute_than_its_rate() {
    let allowance = Allowance { per_minute: 3, ..everything() };
    let ((one, shown), (other, other_shown)) =
        (key("default", &ALL, allowance), key("default", &ALL, allowance));
    let bench = Bench::keyed(&ring(&[&one, &other])).await;
    for n in 0..3 {
        assert_eq!(post(&bench, &shown, &format!("a{n}")).await.status, 200);
    }
    let refused = post(&bench, &shown, "b").await;
    assert_eq!(refused.refusal(), (429, 1302));
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    // What was accepted before, and what is only read, counts for nothing.
    assert_eq!(post(&bench, &shown, "a0").await.id(), "a0");
    assert_eq!(ask(&bench, &shown, Method::GET, &format!("{T2V}/a0"), "").await.status, 200);
    assert_eq!(post(&bench, &other_shown, "b").await.status, 200, "another key has its own rate");
    assert_eq!(bench.published().await.len(), 4);
    let job = r#"{"operation": "videos/text2video", "request": {"prompt": "a cat"}}"#;
    let left = ask(&bench, &other_shown, Method::POST, "/api/v1/jobs", job).await;
    assert_eq!(left.header("ratelimit-policy"), Some("\"submissions\";q=3;w=60"));
    assert_eq!(left.header("ratelimit"), Some("\"submissions\";r=1"));
    let used_up = ask(&bench, &shown, Method::POST, "/api/v1/jobs", job).await;
    assert_eq!((used_up.status, &used_up.body["code"]), (429, &json!("rate_used_up")));
    assert_eq!(used_up.body["retryable"], true);
}

/// Standard text to video of five seconds is estimated at $0.14 by the shipped table.
fn budget(text: &str) -> Allowance {
    let day = Money::parse(text);
    Allowance { budget: Cap { day, month: None }, ..everything() }
}

#[tokio::test]
async fn a_key_spends_no_more_than_its_budget() {
    let (one, shown) = key("default", &ALL, budget("0.5"));
    let bench = Bench::keyed(&ring(&[&one])).await;
    let mut accepted = 0;
    let refused = loop {
        let answer = post(&bench, &shown, &format!("a{accepted}")).await;
        match answer.status {
            200 => accepted += 1,
            _ => break answer,
        }
        assert!(accepted < 10, "a budget holds");
    };
    assert!(accepted > 0, "something is allowed");
    assert_eq!(refused.refusal(), (429, 1102));
    assert!(refused.header("retry-after").is_none(), "it would be refused for hours");
    assert_eq!(bench.published().await.len(), accepted);
    assert_eq!(post(&bench, &shown, "a0").await.id(), "a0", "it is accepted already");
}

/// One job, and not two.
fn one_job() -> Allowance {
    budget("0.2")
}

async fn post_unnamed(bench: &Bench, shown: &str) -> Answer {
    ask(bench, shown, Method::POST, T2V, &json!({"prompt": "a cat"}).to_string()).await
}

#[tokio::test]
async fn a_job_that_was_not_published_costs_a_budget_nothing() {
    let (one, shown) = key("default", &ALL, one_job());
    let bench = Bench::keyed(&ring(&[&one])).await;
    bench.fails(AWAY);
    for n in 0..5 {
        assert_eq!(post(&bench, &shown, &format!("{n}")).await.refusal(), (503, 5001));
    }
    bench.fails(REFUSES);
    for _ in 0..5 {
        assert_eq!(post_unnamed(&bench, &shown).await.refusal(), (503, 5001));
    }
    bench.fails(NONE);
    assert_eq!(post_unnamed(&bench, &shown).await.status, 200);
    assert_eq!(post_unnamed(&bench, &shown).await.refusal(), (429, 1102));
}

#[tokio::test]
async fn a_request_that_may_be_accepted_is_counted_once_and_can_be_repeated() {
    for fault in [SILENT, REFUSES] {
        let (one, shown) = key("default", &ALL, one_job());
        let bench = Bench::keyed(&ring(&[&one])).await;
        bench.fails(fault);
        for _ in 0..3 {
            let unknown = post(&bench, &shown, "a").await;
            assert!(
                matches!(unknown.status, 503 | 504),
                "never that nothing may come: {}",
                unknown.body
            );
        }
        bench.fails(NONE);
        assert_eq!(post(&bench, &shown, "a").await.id(), "a", "its budget was taken by itself");
        assert_eq!(post(&bench, &shown, "b").await.refusal(), (429, 1102));
    }
}

#[tokio::test]
async fn equal_requests_at_once_are_counted_once() {
    let (one, shown) = key("default", &ALL, Allowance { per_minute: 20, ..everything() });
    let bench = Bench::keyed(&ring(&[&one])).await;
    let all = futures::future::join_all((0..10).map(|_| post(&bench, &shown, "a"))).await;
    assert!(all.iter().all(|answer| answer.status == 200 || answer.status == 429));
    // A rate is not given back, so the budget shows what stays counted.
    let (other, other_shown) = key("default", &ALL, budget("0.3"));
    let bench = Bench::keyed(&ring(&[&other])).await;
    let all = futures::future::join_all((0..2).map(|_| post(&bench, &other_shown, "a"))).await;
    assert!(all.iter().all(|answer| answer.status == 200));
    assert_eq!(post(&bench, &other_shown, "b").await.status, 200, "there is room for one more");
}

#[tokio::test]
async fn further_rounds_are_counted_too() {
    let (one, shown) = key("default", &ALL, one_job());
    let bench = Bench::keyed(&ring(&[&one])).await;
    let job =
        json!({"operation": "videos/text2video", "request": {"prompt": "a cat"}, "retries": 3});
    let refused = ask(&bench, &shown, Method::POST, "/api/v1/jobs", &job.to_string()).await;
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("budget_used_up")));
}

#[tokio::test]
async fn a_key_that_is_taken_back_ends_what_waits() {
    let (one, shown) = key("default", &ALL, everything());
    let keys = ring(&[&one]);
    let bench = Bench::keyed(&keys).await;
    bench.is_recorded("a", "a cat").await;
    let waiting = ask(&bench, &shown, Method::GET, "/api/v1/jobs/a?wait=60", "");
    let following = ask(&bench, &shown, Method::GET, "/api/v1/jobs/a/events", "");
    let ending = async {
        bench.asks_for_changes().await;
        keys.replace(std::iter::empty::<ApiKey>().collect());
        bench.asks_for_changes().await;
        bench.ends("a", job::Outcome::succeeded(Vec::new())).await;
    };
    let (waited, followed, ()) = tokio::join!(waiting, following, ending);
    assert_eq!(waited.status, 401, "{}", waited.body);
    assert!(!followed.body.as_str().unwrap().contains("succeeded"), "{}", followed.body);
}
