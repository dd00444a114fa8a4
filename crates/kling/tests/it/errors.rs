//! Every error, by what the caller must do.

use kling::{
    ErrorWords, FailureClass, QueryError, RefusalClass, SubmitError, classify_failure,
    decode_created, decode_created_with, decode_task, decode_tasks,
};

/// What the caller must do after this response to a POST.
fn submit(status: u16, body: &str) -> &'static str {
    name(decode_created(status, body.as_bytes()))
}

fn name(answer: Result<kling::Created, SubmitError>) -> &'static str {
    match answer {
        Ok(_) => "created",
        Err(SubmitError::Busy { .. }) => "busy",
        Err(SubmitError::NotSent { .. }) => "not sent",
        Err(SubmitError::Account { .. }) => "account",
        Err(SubmitError::Refused { class: RefusalClass::Permission, .. }) => "permission",
        Err(SubmitError::Refused { class: RefusalClass::BadRequest, .. }) => "bad request",
        Err(SubmitError::Refused { class: RefusalClass::Policy, .. }) => "policy",
        Err(SubmitError::Path { .. }) => "path",
        Err(SubmitError::Unknown { .. }) => "unknown",
    }
}

fn query(status: u16, body: &str) -> &'static str {
    match decode_task(status, body.as_bytes()) {
        Ok(_) => "task",
        Err(QueryError::NotFound { .. }) => "not found",
        Err(QueryError::Busy { .. }) => "busy",
        Err(QueryError::Account { .. }) => "account",
        Err(QueryError::Later { .. }) => "later",
        Err(QueryError::Unreadable { .. }) => "unreadable",
    }
}

/// HTTP status, code, what a POST means, what a GET means: the provider's whole table.
const CODES: &[(u16, i64, &str, &str)] = &[
    (401, 1000, "account", "account"),
    (401, 1001, "account", "account"),
    (401, 1002, "account", "account"),
    (401, 1003, "account", "account"),
    (401, 1004, "account", "account"),
    (429, 1100, "account", "account"),
    (429, 1101, "account", "account"),
    (429, 1102, "account", "account"),
    (403, 1103, "permission", "unreadable"),
    (400, 1200, "bad request", "unreadable"),
    (400, 1201, "bad request", "unreadable"),
    (404, 1202, "bad request", "unreadable"),
    (404, 1203, "bad request", "not found"),
    (400, 1300, "policy", "unreadable"),
    (400, 1301, "policy", "unreadable"),
    (429, 1302, "busy", "busy"),
    (429, 1303, "busy", "busy"),
    (429, 1304, "account", "account"),
    (500, 5000, "unknown", "later"),
    (503, 5001, "unknown", "later"),
    (504, 5002, "unknown", "later"),
];

#[test]
fn a_code_means_the_same_as_number_or_text_and_under_its_status_or_200() {
    for (status, code, on_post, on_get) in CODES {
        for status in [*status, 200] {
            for code in [code.to_string(), format!("\"{code}\""), format!("{code}.0")] {
                let body = format!(r#"{{"code":{code},"message":"words","data":null}}"#);
                assert_eq!(submit(status, &body), *on_post, "POST {status} {body}");
                assert_eq!(query(status, &body), *on_get, "GET {status} {body}");
            }
        }
    }
}

#[test]
fn a_code_in_an_inner_layer_counts() {
    let body = r#"{"code":"success","message":"","data":{"code":1303,"message":"full"}}"#;
    assert_eq!(submit(200, body), "busy");
    assert_eq!(query(200, body), "busy");
}

#[test]
fn json_in_the_message_gives_its_number_in_either_envelope() {
    let inner = r#"{\"code\":1303,\"message\":\"full\"}"#;
    for body in [
        format!(r#"{{"code":"fail_to_fetch_task","message":"{inner}","data":null}}"#),
        format!(r#"{{"error":{{"code":"","message":"{inner} (request id: 1)"}}}}"#),
    ] {
        assert_eq!(submit(400, &body), "busy", "{body}");
        assert_eq!(query(400, &body), "busy", "{body}");
    }
}

#[test]
fn json_in_json_in_the_message_gives_its_number() {
    let wrap = |inner: &serde_json::Value| serde_json::json!({"code": "fail_to_fetch_task", "message": inner.to_string(), "data": null});
    let twice = wrap(&wrap(&serde_json::json!({"code": 1303, "message": "full"})));
    assert_eq!(submit(400, &twice.to_string()), "busy");
}

#[test]
fn statuses_without_a_code_decide_alone() {
    let plain = r#"{"message":"words"}"#;
    for (status, on_post, on_get) in [
        (400, "path", "unreadable"),
        (401, "path", "later"),
        (402, "path", "later"),
        (403, "path", "later"),
        (404, "path", "not found"),
        (405, "path", "later"),
        (407, "path", "later"),
        (408, "unknown", "later"),
        (409, "path", "unreadable"),
        (413, "path", "later"),
        (422, "path", "unreadable"),
        (425, "unknown", "later"),
        (429, "busy", "busy"),
        (451, "path", "later"),
        (499, "unknown", "later"),
        (500, "unknown", "later"),
        (502, "unknown", "later"),
        (503, "unknown", "later"),
        (504, "unknown", "later"),
        (524, "unknown", "later"),
        (302, "path", "later"),
        (303, "unknown", "later"),
        (200, "unknown", "unreadable"),
    ] {
        assert_eq!(submit(status, plain), on_post, "POST {status}");
        assert_eq!(query(status, plain), on_get, "GET {status}");
    }
}

#[test]
fn money_without_a_code_pauses_the_account() {
    for (status, body) in [
        (403, r#"{"error":{"code":"insufficient_user_quota","message":"no"}}"#),
        (429, r#"{"error":{"code":"insufficient_quota","message":"no"}}"#),
        (403, r#"{"error":{"code":"","message":"token quota is not enough"}}"#),
        (429, r#"{"message":"Account balance not enough"}"#),
    ] {
        assert_eq!(submit(status, body), "account", "{status} {body}");
        assert_eq!(query(status, body), "account", "{status} {body}");
    }
    let page = "<html>credit: photo by x. Limits exceeded</html>";
    assert_eq!((submit(404, page), query(404, page)), ("path", "later"));
    let rate = r#"{"message":"quota exceeded: 60 requests per minute"}"#;
    assert_eq!(submit(429, rate), "busy");
}

#[test]
fn a_5xx_to_a_post_is_in_doubt_whatever_it_says() {
    for body in [
        r#"{"code":1303,"message":"full"}"#,
        r#"{"code":1201,"message":"bad"}"#,
        r#"{"code":0,"data":{"task_id":"1","task_status":"submitted"}}"#,
        r#"{"error":{"code":"do_request_failed","message":""}}"#,
        "<html>",
        "",
    ] {
        assert_eq!(submit(500, body), "unknown", "{body}");
    }
}

#[test]
fn a_broken_gateway_is_in_doubt_under_any_status() {
    for word in ["do_request_failed", "read_response_body_failed", "unmarshal_response_failed"] {
        let body = format!(r#"{{"code":"{word}","message":"x","data":null}}"#);
        assert_eq!(submit(400, &body), "unknown", "{word}");
    }
}

#[test]
fn configured_codes_turn_a_doubt_into_a_refusal_and_replace_the_default() {
    let refusals =
        ErrorWords::of_refusals(["Bad_Thing".to_owned(), "5000".to_owned(), "1303".to_owned()]);
    let with = |status, body: &str| name(decode_created_with(status, body.as_bytes(), &refusals));
    assert_eq!(with(500, r#"{"error":{"code":"bad_thing","message":""}}"#), "bad request");
    assert_eq!(with(500, r#"{"code":5000,"message":""}"#), "bad request");
    assert_eq!(with(503, r#"{"code":1303,"message":""}"#), "busy");
    assert_eq!(with(500, r#"{"error":{"code":"invalid_request","message":""}}"#), "unknown");
}

#[test]
fn what_no_known_number_refuses_is_the_path_s_trouble() {
    for (status, body) in [
        (403, ""),
        (403, "<html>Just a moment...</html>"),
        (403, r#"{"error":{"code":"","message":"not allowed"}}"#),
        (403, r#"{"error":{"code":"access_denied","message":"ip"}}"#),
        (401, r#"{"error":{"code":"","message":"invalid token","type":"comet_api_error"}}"#),
        (400, r#"{"code":"task_failed","message":"x","data":null}"#),
        (400, r#"{"code":1299,"message":"x"}"#),
        (200, r#"{"code":1299,"message":"x"}"#),
        (404, "404 page not found"),
        (407, "proxy"),
        (451, "<html>"),
        (301, ""),
    ] {
        assert_eq!(submit(status, body), "path", "{status} {body}");
        let asked = query(status, body);
        assert!(matches!(asked, "later" | "unreadable"), "{status} {body}: {asked}");
    }
}

#[test]
fn an_operator_can_name_what_means_busy_but_no_success() {
    let words =
        ErrorWords::default().with_busy(["503", "200", "418", "5001", "Full"].map(str::to_owned));
    let with = |status, body: &str| name(decode_created_with(status, body.as_bytes(), &words));
    assert_eq!(with(503, "<html>"), "busy");
    assert_eq!(with(418, ""), "busy");
    assert_eq!(with(502, r#"{"code":5001,"message":"x"}"#), "busy");
    assert_eq!(with(500, r#"{"error":{"code":"full","message":"x"}}"#), "busy");
    assert_eq!(with(418, r#"{"code":1301,"message":"x"}"#), "policy", "the job's own number");
    assert_eq!(with(502, "<html>"), "unknown");
    assert_eq!(with(200, "<html>"), "unknown");
    let created = r#"{"code":"full","data":{"task_id":"7","task_status":"submitted"}}"#;
    assert_eq!(with(503, created), "unknown", "a task may be there");
    assert_eq!(
        with(503, r#"{"code":0,"data":{"task_id":"7","task_status":"submitted"}}"#),
        "unknown"
    );
}

#[test]
fn a_success_without_a_task_id_is_in_doubt() {
    for body in [
        r#"{"code":0,"message":"SUCCEED"}"#,
        r#"{"code":0,"data":{}}"#,
        r#"{"code":0,"data":{"task_id":"","task_status":"submitted"}}"#,
        r#"{"code":0,"data":{"task_id":"..","task_status":"submitted"}}"#,
        r#"{"code":"success","data":null}"#,
        r#"{"code":"task_failed","message":"x","data":null}"#,
        r#"{"id":"req-1"}"#,
        "[]",
        "null",
        "7",
        "",
    ] {
        assert_eq!(submit(200, body), "unknown", "{body}");
    }
}

#[test]
fn an_error_beside_a_task_id_is_in_doubt() {
    let body = r#"{"code":1303,"message":"full","data":{"task_id":"7","task_status":"submitted"}}"#;
    assert_eq!(submit(200, body), "unknown");
    assert_eq!(submit(429, body), "unknown");
}

#[test]
fn a_repeat_is_suspected_only_where_it_may_hide() {
    let suspected = |status: u16, body: &str| match decode_created(status, body.as_bytes()) {
        Err(
            SubmitError::Refused { may_be_repeat, .. } | SubmitError::Path { may_be_repeat, .. },
        ) => may_be_repeat,
        other => panic!("{other:?}"),
    };
    assert!(suspected(400, r#"{"code":1201,"message":"bad value"}"#));
    assert!(suspected(400, r#"{"code":"task_failed","message":"lost its number","data":null}"#));
    assert!(suspected(409, r#"{"message":"conflict"}"#));
    assert!(!suspected(400, r#"{"code":1200,"message":"bad"}"#));
    assert!(!suspected(400, r#"{"code":1301,"message":"unsafe"}"#));
}

#[test]
fn only_a_denial_of_the_task_is_not_found() {
    for (status, body) in [
        (400, r#"{"code":"task_not_exist","message":"x","data":null}"#),
        (200, r#"{"code":1203,"message":"x"}"#),
        (404, r#"{"error":{"code":"","message":"task not found"}}"#),
    ] {
        assert_eq!(query(status, body), "not found", "{status} {body}");
    }
    for (status, body) in [
        (404, r#"{"error":{"code":"","message":"Invalid URL (GET /kling/v1/x)"}}"#),
        (404, r#"{"detail":"Not Found"}"#),
        (404, r#"{"message":"Not Found."}"#),
        (404, "<html>"),
        (404, ""),
        (500, r#"{"code":1203,"message":"x"}"#),
    ] {
        assert_eq!(query(status, body), "later", "{status} {body}");
    }
}

#[test]
fn a_missing_list_is_not_an_empty_one() {
    let tasks = |body: &str| decode_tasks(200, body.as_bytes());
    assert_eq!(tasks(r#"{"code":0,"data":[]}"#).expect("empty").len(), 0);
    for body in [r#"{"code":0,"data":null}"#, r#"{"code":0}"#, r#"{"code":0,"data":[7]}"#] {
        assert!(matches!(tasks(body), Err(QueryError::Unreadable { .. })), "{body}");
    }
    let odd = tasks(r#"{"code":0,"data":[{"task_info":{"external_task_id":"e"}}]}"#).expect("odd");
    assert_eq!(odd[0].external_task_id.as_deref(), Some("e"));
    assert_eq!(odd[0].unknown_status.as_deref(), Some(""));
}

#[test]
fn failures_are_classed_by_their_words() {
    for (words, class) in [
        ("Failure to pass the risk control system", FailureClass::Moderation),
        ("content moderation failed", FailureClass::Moderation),
        ("The resolution or aspect ratio of the input image is invalid.", FailureClass::Input),
        ("generation error", FailureClass::Generation),
        ("", FailureClass::Generation),
    ] {
        assert_eq!(classify_failure(words), class, "{words}");
    }
}

#[test]
fn an_answer_without_words_is_still_told() {
    let told = |status: u16, body: &str| {
        decode_created(status, body.as_bytes()).expect_err("no task").to_string()
    };
    assert_eq!(told(504, ""), "outcome unknown: HTTP 504: an empty answer");
    assert_eq!(told(502, "<p>bad</p>"), "outcome unknown: HTTP 502: not a JSON object: <p>bad</p>");
    assert!(
        told(400, "{}").starts_with("refused on the way with HTTP 400: no reason given"),
        "{}",
        told(400, "{}")
    );
}

#[test]
fn long_foreign_words_are_cut() {
    let body = format!(r#"{{"code":1201,"message":"{}"}}"#, "x".repeat(100_000));
    let error = decode_created(400, body.as_bytes()).expect_err("refused");
    assert!(error.to_string().len() < 2_000);
}
