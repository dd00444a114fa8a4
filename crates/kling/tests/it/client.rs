//! The client over a transport in memory: addresses, look-ups, synchronous calls.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kling::request::{ImageItem, MultiImage2video, Point};
use kling::{
    BaseUrlError, Client, HttpRequest, HttpResponse, KnownTask, LookUp, Method, QueryError, Route,
    SelectionPoints, SelectionSource, Speech, SpeechRequest, SubmitError, Transport,
    TransportError, VideoSource,
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

/// Gives prepared answers in order and remembers the requests.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Result<HttpResponse, TransportError>>>,
    seen: Mutex<Vec<HttpRequest>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.seen.lock().expect("lock").push(request);
        self.answers.lock().expect("lock").pop_front().expect("an answer is left")
    }
}

impl Script {
    fn urls(&self) -> Vec<String> {
        self.seen.lock().expect("lock").iter().map(|request| request.url.clone()).collect()
    }

    fn bodies(&self) -> Vec<Value> {
        let body = |request: &HttpRequest| request.body.clone().expect("body");
        let seen = self.seen.lock().expect("lock");
        seen.iter().map(|request| serde_json::from_slice(&body(request)).expect("json")).collect()
    }
}

fn answer(status: u16, body: &Value) -> Result<HttpResponse, TransportError> {
    Ok(HttpResponse { status, body: body.to_string().into(), ..HttpResponse::default() })
}

fn ok(data: Value) -> Result<HttpResponse, TransportError> {
    answer(200, &json!({"code": 0, "message": "SUCCEED", "data": data}))
}

fn scripted(
    answers: impl IntoIterator<Item = Result<HttpResponse, TransportError>>,
) -> (Client, Arc<Script>) {
    let script = Arc::new(Script::default());
    script.answers.lock().expect("lock").extend(answers);
    let key = SecretString::from("key-of-some-length");
    let client = Client::new(script.clone(), "https://h.example", key).expect("client");
    (client, script)
}

const ROUTE: Route = Route::VideosText2video;
const BASE: &str = "https://h.example/kling/v1/videos/text2video";

fn task(id: &str, external: Option<&str>, created_at: i64) -> Value {
    json!({"task_id": id, "task_status": "processing", "created_at": created_at,
        "task_info": {"external_task_id": external}})
}

#[test]
fn a_bad_base_url_is_an_error() {
    let new = |url: &str| {
        Client::new(Arc::new(Script::default()), url, SecretString::from("k")).map(drop)
    };
    assert_eq!(new("https://key@h.example"), Err(BaseUrlError::UserInfo));
    assert_eq!(new("file:///etc"), Err(BaseUrlError::Scheme));
    assert_eq!(new(kling::BaseUrl::DEFAULT), Ok(()));
}

#[tokio::test]
async fn transport_trouble_keeps_its_meaning() {
    let lost = || Err(TransportError::Lost("reset".to_owned()));
    let unsent = || Err(TransportError::NotSent("refused".to_owned()));
    let (client, _) = scripted([lost(), unsent(), lost(), unsent()]);
    let body = Map::new();
    let post = client.submit(ROUTE, &body).await;
    assert!(matches!(post, Err(SubmitError::Unknown { .. })), "{post:?}");
    let post = client.submit(ROUTE, &body).await;
    assert!(matches!(post, Err(SubmitError::NotSent { .. })), "{post:?}");
    for _ in 0..2 {
        let get = client.query(ROUTE, "7").await;
        assert!(matches!(get, Err(QueryError::Later { .. })), "{get:?}");
    }
}

#[tokio::test]
async fn the_wait_a_busy_provider_asks_for_is_passed_on_within_a_day() {
    for (header, wait) in [
        (Some("7"), Some(7)),
        (Some("99999999999"), Some(86_400)),
        (Some("Wed, 21 Oct 2026 07:28:00 GMT"), None),
        (None, None),
    ] {
        let busy = || {
            let mut answer = answer(429, &json!({"code": 1302, "message": "slow"}))?;
            answer.retry_after = header.map(str::to_owned);
            Ok(answer)
        };
        let (client, _) = scripted([busy(), busy()]);
        let wait = wait.map(Duration::from_secs);
        match client.submit(ROUTE, &Map::new()).await {
            Err(SubmitError::Busy { retry_after, .. }) => assert_eq!(retry_after, wait),
            other => panic!("{other:?}"),
        }
        match client.query(ROUTE, "7").await {
            Err(QueryError::Busy { retry_after, .. }) => assert_eq!(retry_after, wait),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn refusal_codes_are_the_client_s_setting() {
    let bad = || answer(500, &json!({"error": {"code": "odd_word", "message": ""}}));
    let (client, _) = scripted([bad(), bad()]);
    let doubt = client.submit(ROUTE, &Map::new()).await;
    assert!(matches!(doubt, Err(SubmitError::Unknown { .. })), "{doubt:?}");
    let client = client.with_error_words(kling::ErrorWords::of_refusals(["odd_word".to_owned()]));
    let refused = client.submit(ROUTE, &Map::new()).await;
    assert!(matches!(refused, Err(SubmitError::Refused { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_typed_request_is_sent_without_its_empty_fields() {
    let (client, script) = scripted([ok(json!({"task_id": "7"}))]);
    let request = MultiImage2video {
        image_list: vec![ImageItem {
            image: "https://i.example/a.png".to_owned(),
            ..Default::default()
        }],
        prompt: "a cat".to_owned(),
        duration: Some("5".to_owned()),
        extra: Map::from_iter([("brand_new".to_owned(), json!(1))]),
        ..Default::default()
    };
    client.create(&request).await.expect("created");
    assert_eq!(script.urls(), ["https://h.example/kling/v1/videos/multi-image2video"]);
    let sent = json!({"image_list": [{"image": "https://i.example/a.png"}], "prompt": "a cat",
        "duration": "5", "brand_new": 1});
    assert_eq!(script.bodies(), [sent]);
}

#[tokio::test]
async fn an_id_that_would_address_something_else_is_not_sent() {
    let (client, script) = scripted([]);
    for id in ["", ".", ".."] {
        assert!(client.query(ROUTE, id).await.is_err(), "{id:?}");
        assert!(client.look_up(ROUTE, id, LookUp::Path).await.is_err(), "{id:?}");
    }
    assert!(script.urls().is_empty());
}

#[tokio::test]
async fn a_list_stays_within_the_documented_pages() {
    let (client, script) = scripted([ok(json!([])), ok(json!([]))]);
    client.list(ROUTE, 0, 0).await.expect("list");
    client.list(ROUTE, 9_999, 9_999).await.expect("list");
    let wanted =
        [format!("{BASE}?pageNum=1&pageSize=1"), format!("{BASE}?pageNum=1000&pageSize=500")];
    assert_eq!(script.urls(), wanted);
}

#[tokio::test]
async fn a_look_up_by_path_finds_denies_or_cannot_tell() {
    let (client, script) = scripted([
        ok(task("7", Some("e/1"), 1)),
        ok(task("7", None, 1)),
        ok(task("7", Some("other"), 1)),
        answer(404, &json!({"code": 1203, "message": "none"})),
        answer(400, &json!({"code": 1201, "message": "not a task id"})),
        answer(502, &json!({})),
    ]);
    let look_up = || client.look_up(ROUTE, "e/1", LookUp::Path);
    assert_eq!(look_up().await.expect("echoed").expect("found").task_id.as_deref(), Some("7"));
    assert!(look_up().await.expect("not echoed").is_some());
    assert!(matches!(look_up().await, Err(QueryError::Unreadable { .. })), "another's task");
    assert_eq!(look_up().await, Ok(None));
    assert!(matches!(look_up().await, Err(QueryError::Unreadable { .. })), "not a denial");
    assert!(matches!(look_up().await, Err(QueryError::Later { .. })));
    assert_eq!(script.urls()[0], format!("{BASE}/e%2F1"));
}

async fn truthful(
    answers: impl IntoIterator<Item = Result<HttpResponse, TransportError>>,
) -> Result<Option<LookUp>, QueryError> {
    let (client, _script) = scripted(answers);
    let known = KnownTask { task_id: "7", external_id: "e" };
    client.truthful_look_up(ROUTE, known, "never").await
}

#[tokio::test]
async fn a_form_is_believed_that_finds_what_exists_and_denies_what_cannot() {
    let denied = || answer(404, &json!({"code": 1203, "message": "none"}));
    let page = || answer(404, &json!({"error": "no route"}));
    let found = || ok(task("7", Some("e"), 1));
    assert_eq!(truthful([found(), denied()]).await, Ok(Some(LookUp::Path)));
    let by_query = [denied(), ok(json!([task("7", Some("e"), 1)])), ok(json!([]))];
    assert_eq!(truthful(by_query).await, Ok(Some(LookUp::Query)), "the path denies what exists");
    let finds_all = [found(), found(), page(), page(), found()];
    assert_eq!(truthful(finds_all).await, Ok(None), "it finds what cannot exist");
    let other = [ok(task("6", None, 1)), denied(), page(), found()];
    assert_eq!(truthful(other).await, Ok(None), "it shows another task");
    let outage = || answer(502, &json!({}));
    let away = truthful([outage(), outage(), outage(), outage()]).await;
    assert!(matches!(away, Err(QueryError::Later { .. })), "an outage tells nothing");
}

#[tokio::test]
async fn a_look_up_by_query_trusts_only_a_filtered_answer() {
    let (client, script) = scripted([
        ok(task("7", Some("e"), 1)),
        ok(json!([task("6", Some("x"), 1), task("7", Some("e"), 1)])),
        ok(json!([])),
        answer(404, &json!({"code": 1203, "message": "none"})),
        ok(json!([task("6", Some("x"), 1)])),
        ok(json!([task("6", None, 1)])),
    ]);
    let look_up = || client.look_up(ROUTE, "e", LookUp::Query);
    for _ in 0..2 {
        assert_eq!(look_up().await.expect("answer").expect("found").task_id.as_deref(), Some("7"));
    }
    for _ in 0..2 {
        assert_eq!(look_up().await, Ok(None));
    }
    for _ in 0..2 {
        assert!(matches!(look_up().await, Err(QueryError::Unreadable { .. })));
    }
    assert_eq!(script.urls()[0], format!("{BASE}?external_task_id=e"));
}

#[tokio::test]
async fn a_look_up_in_the_list_walks_until_it_finds() {
    let page = ok(json!([task("9", Some("x"), 9_000_000_000_000)]));
    let (client, script) = scripted([page, ok(json!([task("7", Some("e"), 1)]))]);
    let found = client.look_up(ROUTE, "e", LookUp::List).await.expect("answer").expect("found");
    assert_eq!(found.task_id.as_deref(), Some("7"));
    let pages = [1, 2].map(|page| format!("{BASE}?pageNum={page}&pageSize=500"));
    assert_eq!(script.urls(), pages);
}

#[tokio::test]
async fn a_list_denies_only_at_its_end_or_before_the_given_time() {
    let time = 1_777_385_361_501;
    let page = |at: i64| ok(json!([task("9", Some("x"), at)]));
    let (client, _) = scripted([page(time), ok(json!([]))]);
    assert_eq!(client.look_up(ROUTE, "e", LookUp::List).await, Ok(None), "at its end");

    let (client, script) = scripted([page(time), page(time - 1)]);
    let since = client.look_up_since(ROUTE, "e", LookUp::List, Some(time)).await;
    assert_eq!((since, script.urls().len()), (Ok(None), 2), "before the given time");

    let pages = [page(time - 2), page(time - 1), ok(json!([task("7", Some("e"), time)]))];
    let (client, _) = scripted(pages);
    let rising = client.look_up_since(ROUTE, "e", LookUp::List, Some(time)).await;
    assert!(rising.expect("answer").is_some(), "a list from old to new is read on");

    let mixed =
        [page(time - 3), page(time - 1), page(time - 2), ok(json!([task("7", Some("e"), time)]))];
    let (client, _) = scripted(mixed);
    let unsorted = client.look_up_since(ROUTE, "e", LookUp::List, Some(time)).await;
    assert!(unsorted.expect("answer").is_some(), "a list without order is read on");

    let (client, script) = scripted((0..10).map(|_| page(time)));
    let endless = client.look_up(ROUTE, "e", LookUp::List).await;
    assert!(matches!(endless, Err(QueryError::Unreadable { .. })), "{endless:?}");
    assert_eq!(script.urls().len(), 10);
}

#[tokio::test]
async fn a_list_without_external_ids_denies_nothing() {
    let (client, _) = scripted([ok(json!([task("9", None, 1)])), ok(json!([]))]);
    let answer = client.look_up(ROUTE, "e", LookUp::List).await;
    assert!(matches!(answer, Err(QueryError::Unreadable { .. })), "{answer:?}");
    let (client, _) = scripted([ok(json!([]))]);
    assert_eq!(client.look_up(ROUTE, "e", LookUp::List).await, Ok(None), "no tasks at all");
}

#[tokio::test]
async fn faces_are_found() {
    let body: Value =
        serde_json::from_str(include_str!("../fixtures/20-identify-face.json")).expect("json");
    let (client, script) = scripted([answer(200, &body), ok(json!({"face_data": []}))]);
    let video = VideoSource::Url("https://v.example/a.mp4".to_owned());
    let faces = client.identify_face(&video).await.expect("faces");
    assert_eq!((faces.session_id.as_str(), faces.faces.len()), ("s1", 1));
    assert_eq!(faces.faces[0].face_id, "0");
    assert_eq!((faces.faces[0].start_ms, faces.faces[0].end_ms), (Some(0), Some(5200)));
    assert_eq!(script.urls(), ["https://h.example/kling/v1/videos/identify-face"]);
    assert_eq!(script.bodies(), [json!({"video_url": "https://v.example/a.mp4"})]);
    assert!(client.identify_face(&video).await.is_err(), "no session id");
}

#[tokio::test]
async fn a_selection_goes_through_its_five_steps() {
    let res = json!({"status": 0, "session_id": "s", "res": {"frame_index": 3, "rle_mask_list": [
        {"object_id": 1, "rle_mask": {"size": [2, 2], "counts": "abc"},
         "png_mask": {"size": [2, 2], "base64": "AAAA"}}]}});
    let preview =
        json!({"status": 0, "session_id": "s", "res": {"video": "https://v.example/p.mp4"}});
    let opened = json!({"status": 0, "session_id": "s", "fps": 30.0, "total_frame": 150});
    let (client, script) =
        scripted([ok(opened), ok(res.clone()), ok(res), ok(json!({})), ok(preview)]);
    let source = SelectionSource {
        video: VideoSource::Id("v".to_owned()),
        parent_task_id: Some("t".to_owned()),
    };
    let session = client.init_selection(&source).await.expect("session");
    assert_eq!((session.session_id.as_str(), session.frames), ("s", Some(150)));
    let points = SelectionPoints {
        session_id: session.session_id,
        frame_index: 3,
        points: vec![Point { x: 0.5, y: 0.25, ..Default::default() }],
    };
    let added = client.add_selection(&points).await.expect("added");
    assert_eq!((added.frame_index, added.masks.len()), (Some(3), 1));
    assert_eq!(added.masks[0].rle_counts.as_deref(), Some("abc"));
    client.delete_selection(&points).await.expect("deleted");
    assert!(client.clear_selection("s").await.expect("cleared").masks.is_empty());
    let shown = client.preview_selection("s").await.expect("preview");
    assert_eq!(shown.video_url.as_deref(), Some("https://v.example/p.mp4"));
    let bodies = script.bodies();
    assert_eq!(bodies[0], json!({"video_id": "v", "task_id": "t"}));
    let wanted = json!({"session_id": "s", "frame_index": 3, "points": [{"x": 0.5, "y": 0.25}]});
    assert_eq!((&bodies[1], &bodies[2]), (&wanted, &wanted));
    assert!(script.urls()[2].ends_with("/kling/v1/videos/multi-elements/delete-selection"));
}

#[tokio::test]
async fn a_refused_selection_is_refused_under_code_0() {
    let body: Value =
        serde_json::from_str(include_str!("../fixtures/21-selection-refused.json")).expect("json");
    let (client, _) = scripted([answer(200, &body)]);
    let source = SelectionSource { video: VideoSource::Id("v".to_owned()), parent_task_id: None };
    let refused = client.init_selection(&source).await;
    assert!(matches!(refused, Err(SubmitError::Refused { code: Some(1), .. })), "{refused:?}");
}

#[tokio::test]
async fn speech_comes_as_addresses_or_as_sound() {
    let files = json!({"task_result": {"audios": [{"id": "a", "url": "https://a.example/a.mp3"}]}});
    let sound = HttpResponse {
        status: 200,
        content_type: Some("audio/mpeg".to_owned()),
        body: vec![255, 251, 0].into(),
        ..HttpResponse::default()
    };
    let busy = answer(429, &json!({"code": 1302, "message": "slow"}));
    let broken = HttpResponse { status: 500, ..sound.clone() };
    let (client, script) = scripted([ok(files), Ok(sound), busy, Ok(broken)]);
    let request = SpeechRequest { text: "hello".to_owned(), ..SpeechRequest::default() };
    match client.tts(&request).await.expect("speech") {
        Speech::Files(files) => assert_eq!(files[0].url, "https://a.example/a.mp3"),
        other => panic!("{other:?}"),
    }
    match client.tts(&request).await.expect("speech") {
        Speech::Sound { bytes, .. } => assert_eq!(&bytes[..], [255, 251, 0]),
        other => panic!("{other:?}"),
    }
    assert!(matches!(client.tts(&request).await, Err(SubmitError::Busy { .. })));
    assert!(matches!(client.tts(&request).await, Err(SubmitError::Unknown { .. })));
    assert_eq!(script.urls()[0], "https://h.example/kling/v1/audio/tts");
}

#[tokio::test]
async fn parts_of_an_image_are_recognized() {
    let part = json!({"type": "face_seg", "is_contain": true, "url": "https://i.example/f.png"});
    let (client, _) = scripted([ok(json!({"task_result": {"images": [part]}}))]);
    let parts = client.image_recognize("https://i.example/a.png").await.expect("parts");
    assert_eq!((parts[0].part.as_str(), parts[0].is_contained), ("face_seg", Some(true)));
}

#[test]
fn a_request_and_an_answer_show_no_key_and_no_body() {
    let request = HttpRequest {
        method: Method::Post,
        url: "https://h.example".to_owned(),
        bearer: SecretString::from("the-key"),
        body: Some("the-prompt".into()),
    };
    let answer = HttpResponse { body: "the-answer".into(), ..HttpResponse::default() };
    let shown = format!("{request:?} {answer:?}");
    for hidden in ["the-key", "the-prompt", "the-answer"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
