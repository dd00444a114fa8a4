//! The real transport against a local server.

use std::sync::Arc;
use std::time::Duration;

use kling::{Client, HttpSettings, HttpTransport, QueryError, Route, SubmitError};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::server::{Raw, Recorder};

const KEY: &str = "sk-very-secret-key-0123456789";

fn client(base_url: &str, change: impl FnOnce(&mut HttpSettings)) -> Client {
    let mut settings = HttpSettings { total_timeout: Duration::from_secs(5), ..Default::default() };
    change(&mut settings);
    let transport = Arc::new(HttpTransport::new(&settings).expect("transport"));
    Client::new(transport, base_url, SecretString::from(KEY)).expect("client")
}

fn body() -> Map<String, Value> {
    json!({"prompt": "a cat", "future_field": [1]}).as_object().expect("object").clone()
}

async fn submit(client: &Client) -> Result<kling::Created, SubmitError> {
    client.submit(Route::VideosText2video, &body()).await
}

fn hides_the_key(shown: &str) {
    assert!(!shown.contains(KEY), "{shown}");
}

#[tokio::test]
async fn a_post_carries_key_type_and_body_as_given() {
    let server = Recorder::start(200, "", json!({"code": 0, "data": {"task_id": "7"}})).await;
    // A slash at the end of the base URL makes no difference.
    let created = submit(&client(&format!("{}/", server.url), |_| ())).await.expect("created");
    assert_eq!(created.task_id, "7");
    let seen = server.only_request();
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("POST", "/kling/v1/videos/text2video")
    );
    assert_eq!(seen.header("authorization"), format!("Bearer {KEY}"));
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(serde_json::from_slice::<Map<String, Value>>(&seen.body).expect("json"), body());
}

#[tokio::test]
async fn a_get_carries_the_key_and_the_encoded_id_and_no_body() {
    let answer = json!({"code": 0, "data": {"task_id": "7", "task_status": "processing"}});
    let server = Recorder::start(200, "", answer).await;
    let client = client(&server.url, |_| ());
    client.query(Route::VideosAvatarImage2video, "a/b=?#%é").await.expect("task");
    let seen = server.only_request();
    assert_eq!(seen.target, "/kling/v1/videos/avatar/image2video/a%2Fb%3D%3F%23%25%C3%A9");
    assert_eq!(seen.header("authorization"), format!("Bearer {KEY}"));
    assert_eq!(seen.method, "GET");
    assert!(seen.body.is_empty());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_never_followed() {
    for (status, on_the_way) in [(301, true), (302, true), (307, true), (308, true), (303, false)] {
        let server = Recorder::start(status, "/elsewhere", json!({})).await;
        let error = submit(&client(&server.url, |_| ())).await.expect_err("no task");
        assert_eq!(matches!(error, SubmitError::Path { .. }), on_the_way, "{status}: {error:?}");
        assert_eq!(
            matches!(error, SubmitError::Unknown { .. }),
            !on_the_way,
            "{status}: {error:?}"
        );
        assert_eq!(server.only_request().target, "/kling/v1/videos/text2video");
    }
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    let address = Raw::closed_address().await;
    let client = client(&format!("http://{address}"), |_| ());
    let error = submit(&client).await.expect_err("no server");
    assert!(matches!(error, SubmitError::NotSent { .. }), "{error:?}");
    let error = client.query(Route::VideosText2video, "7").await.expect_err("no server");
    assert!(matches!(error, QueryError::Later { .. }), "{error:?}");
}

#[tokio::test]
async fn an_unknown_host_is_not_sent() {
    let client = client("http://no-such-host.invalid", |_| ());
    let error = submit(&client).await.expect_err("no host");
    // Behind a proxy the proxy answers for it; then the request may have been sent.
    let proxied = std::env::vars().any(|(name, _)| name.eq_ignore_ascii_case("http_proxy"));
    assert!(proxied || matches!(error, SubmitError::NotSent { .. }), "{error:?}");
}

#[tokio::test]
async fn a_failed_tls_handshake_is_not_sent() {
    let server = Raw::start(|mut wire| async move {
        wire.read_some().await;
        wire.write("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let client = client(&format!("https://{}", server.address), |_| ());
    let error = submit(&client).await.expect_err("no TLS");
    assert!(matches!(error, SubmitError::NotSent { .. }), "{error:?}");
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_not_sent() {
    let server = Raw::start(|wire| async move {
        std::future::pending::<()>().await;
        drop(wire);
    })
    .await;
    let client = client(&format!("https://{}", server.address), |settings| {
        settings.connect_timeout = Duration::from_millis(100);
    });
    let error = submit(&client).await.expect_err("no TLS");
    assert!(matches!(error, SubmitError::NotSent { .. }), "{error:?}");
}

#[tokio::test]
async fn a_timeout_after_the_request_is_in_doubt() {
    let server = Raw::start(|mut wire| async move {
        wire.read_request().await;
        std::future::pending::<()>().await;
    })
    .await;
    let client = client(&format!("http://{}", server.address), |settings| {
        settings.total_timeout = Duration::from_millis(300);
    });
    let error = submit(&client).await.expect_err("no answer");
    assert!(matches!(error, SubmitError::Unknown { .. }), "{error:?}");
    let error = client.query(Route::VideosText2video, "7").await.expect_err("no answer");
    assert!(matches!(error, QueryError::Later { .. }), "{error:?}");
}

#[tokio::test]
async fn a_reset_after_the_request_is_in_doubt_and_not_repeated() {
    let server = Raw::start(|mut wire| async move {
        wire.read_request().await;
        wire.reset();
    })
    .await;
    let client = client(&format!("http://{}", server.address), |_| ());
    let error = submit(&client).await.expect_err("no answer");
    assert!(matches!(error, SubmitError::Unknown { .. }), "{error:?}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_kept_connection_that_dies_with_the_request_is_in_doubt_and_not_repeated() {
    let server = Raw::start(|mut wire| async move {
        wire.read_request().await;
        wire.write("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}").await;
        wire.read_request().await;
        wire.reset();
    })
    .await;
    let client = client(&format!("http://{}", server.address), |_| ());
    let first = submit(&client).await.expect_err("refused");
    assert!(matches!(first, SubmitError::Path { .. }), "{first:?}");
    let second = submit(&client).await.expect_err("lost");
    assert!(matches!(second, SubmitError::Unknown { .. }), "{second:?}");
    assert_eq!(server.requests(), 2);
    assert_eq!(server.connections(), 1, "the second request went over the kept connection");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_in_doubt() {
    let server = Raw::start(|mut wire| async move {
        wire.read_request().await;
        wire.write("HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"code\":0").await;
    })
    .await;
    let client = client(&format!("http://{}", server.address), |_| ());
    let error = submit(&client).await.expect_err("half an answer");
    assert!(matches!(error, SubmitError::Unknown { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_over_the_cap_is_in_doubt() {
    let answer = json!({"code": 0, "data": {"task_id": "7"}, "padding": "x".repeat(2_000)});
    let server = Recorder::start(200, "", answer).await;
    let small = client(&server.url, |settings| settings.max_body_bytes = 1_000);
    let error = submit(&small).await.expect_err("too long");
    assert!(matches!(error, SubmitError::Unknown { .. }), "{error:?}");
    let wide = client(&server.url, |settings| settings.max_body_bytes = 4_000);
    assert!(submit(&wide).await.is_ok());
}

#[tokio::test]
async fn the_key_is_shown_nowhere() {
    let echo = json!({"code": 1000, "message": format!("no such key: {KEY}")});
    let server = Recorder::start(401, "", echo).await;
    let client = client(&server.url, |_| ());
    hides_the_key(&format!("{client:?}"));
    let on_post = submit(&client).await.expect_err("account");
    let on_get = client.query(Route::VideosText2video, "7").await.expect_err("account");
    assert!(on_post.to_string().contains("[redacted]"), "{on_post}");
    for shown in [
        format!("{on_post} {on_post:?} {on_get} {on_get:?}"),
        format!("{:?}", HttpTransport::new(&HttpSettings::default())),
    ] {
        hides_the_key(&shown);
    }
}

#[tokio::test]
async fn the_key_of_a_client_and_of_its_clones_can_be_replaced() {
    let answer = json!({"code": 0, "data": {"task_id": "7"}});
    let server = Recorder::start(200, "", answer.clone()).await;
    let original = client(&server.url, |_| ());
    let clone = original.clone();
    assert!(!original.api_key().replace(SecretString::from(KEY)), "the same");
    assert!(original.api_key().replace(SecretString::from("another-key-0123456789")));
    submit(&clone).await.expect("created");
    assert_eq!(server.only_request().header("authorization"), "Bearer another-key-0123456789");
    let shown = format!("{:?}", original.api_key());
    assert!(!shown.contains("another"), "{shown}");
}

/// By the server's own clock, which is far from ours.
#[tokio::test]
async fn a_date_to_retry_after_is_counted_from_the_servers_date() {
    let at = |minute: u32| format!("Wed, 21 Oct 2015 07:{minute:02}:30 GMT");
    for (retry_after, wait) in [(at(30), 120), (at(28), 0), (at(10), 0), ("77".to_owned(), 77)] {
        let body = r#"{"code":1302,"message":"slow"}"#;
        let answer = format!(
            "HTTP/1.1 429 X\r\ndate: {}\r\nretry-after: {retry_after}\r\ncontent-length: {}\r\n\r\n{body}",
            at(28),
            body.len()
        );
        let server = Raw::start(move |mut end| {
            let answer = answer.clone();
            async move {
                end.read_request().await;
                end.write(&answer).await;
            }
        })
        .await;
        let busy = submit(&client(&format!("http://{}", server.address), |_| ())).await;
        let expected = Some(Duration::from_secs(wait));
        assert!(
            matches!(&busy, Err(SubmitError::Busy { retry_after, .. }) if *retry_after == expected),
            "{retry_after}: {busy:?}"
        );
    }
}

#[tokio::test]
async fn the_key_is_not_kept_with_an_answer_that_shows_no_file() {
    let percent: String = KEY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let escaped: String = KEY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let echo = format!(
        r#"{{"code":0,"data":{{"task_id":"7","task_status":"succeed",
            "debug":["{KEY}","{percent}","{escaped}"]}}}}"#
    );
    let server = Recorder::start_with(200, "", echo).await;
    let client = client(&server.url, |_| ());
    let task = client.query(Route::VideosText2video, "7").await.expect("a task");
    let kept = task.unread.expect("the answer is kept");
    assert_eq!(kept.matches("[redacted]").count(), 3, "{kept}");
    hides_the_key(&kept);
}

#[tokio::test]
async fn a_key_that_cannot_stand_in_a_header_is_not_sent_and_not_shown() {
    let transport = Arc::new(HttpTransport::new(&HttpSettings::default()).expect("transport"));
    let key = SecretString::from("secret\nkey");
    let client = Client::new(transport, "http://127.0.0.1:9", key).expect("client");
    let error = submit(&client).await.expect_err("bad key");
    assert!(matches!(error, SubmitError::NotSent { .. }), "{error:?}");
    assert!(!format!("{error:?}{error}").contains("secret"));
}
