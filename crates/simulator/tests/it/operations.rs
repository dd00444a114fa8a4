//! Every operation under its own path, and nothing else.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, T2V, answer, at_once, clip};

/// Operations that need no session, with the least body and the list their result is in.
fn least_bodies() -> Vec<(&'static str, Value, &'static [&'static str])> {
    vec![
        ("images/generations", json!({"prompt": "x", "n": 2}), &["images"]),
        (
            "images/kolors-virtual-try-on",
            json!({"human_image": "u", "cloth_image": "v"}),
            &["images"],
        ),
        ("images/editing/expand", json!({"image": "u"}), &["images"]),
        ("videos/text2video", json!({"prompt": "x"}), &["videos"]),
        ("videos/image2video", json!({"image": "u"}), &["videos"]),
        (
            "videos/lip-sync",
            json!({"input": {"mode": "text2video", "text": "x", "video_id": "1"}}),
            &["videos"],
        ),
        (
            "videos/effects",
            json!({"effect_scene": "squish", "input": {"image": "u", "duration": "5"}}),
            &["videos"],
        ),
        (
            "videos/multi-image2video",
            json!({"prompt": "x", "image_list": [{"image": "u"}]}),
            &["videos"],
        ),
        ("videos/video-extend", json!({"video_id": "1"}), &["videos"]),
        ("videos/omni-video", json!({"prompt": "x"}), &["videos"]),
        ("videos/avatar/image2video", json!({"image": "u", "audio_id": "1"}), &["videos"]),
        ("audio/text-to-audio", json!({"prompt": "x", "duration": 5.5}), &["audios"]),
        ("audio/video-to-audio", json!({"video_id": "1"}), &["videos", "audios"]),
    ]
}

#[tokio::test]
async fn every_operation_is_served_under_its_path() {
    let bench = Bench::start(at_once()).await;
    for (operation, body, lists) in least_bodies() {
        let (status, body) = bench.create(operation, body).await;
        assert_eq!(status, 200, "{operation}: {body}");
        let id = body["data"]["task_id"].as_str().unwrap();
        let (status, body) = bench.get(&format!("{operation}/{id}")).await;
        assert_eq!(status, 200, "{operation}: {body}");
        let result = body["data"]["task_result"].as_object().unwrap();
        assert_eq!(result.len(), lists.len(), "{operation}");
        for list in lists {
            let items = result[*list].as_array().unwrap();
            assert!(!items.is_empty(), "{operation}");
            for url in urls(&items[0]) {
                assert_eq!(bench.client.get(&url).send().await.unwrap().status(), 200, "{url}");
            }
        }
    }
    let accounts = bench.accounts();
    assert_eq!(accounts.succeeded as usize, least_bodies().len());
}

fn urls(item: &Value) -> Vec<String> {
    let urls: Vec<String> = ["url", "url_mp3", "url_wav"]
        .iter()
        .filter_map(|name| item.get(name).and_then(Value::as_str).map(str::to_owned))
        .collect();
    assert!(!urls.is_empty(), "{item}");
    urls
}

#[tokio::test]
async fn results_say_what_was_asked() {
    let bench = Bench::start(at_once()).await;
    let find = async |operation: &str, body: Value| {
        let (_, body) = bench.create(operation, body).await;
        let id = body["data"]["task_id"].as_str().unwrap().to_owned();
        bench.get(&format!("{operation}/{id}")).await.1["data"].clone()
    };
    let images = find("images/generations", json!({"prompt": "x", "n": 3})).await;
    assert_eq!(images["task_result"]["images"][2]["index"], 2);
    assert_eq!(images["final_unit_deduction"], "3");

    let marked = json!({"prompt": "x", "duration": "10", "watermark_info": {"enabled": true}});
    let video = find(T2V, marked).await;
    assert_eq!(video["watermark_info"], json!({"enabled": true}));
    let item = &video["task_result"]["videos"][0];
    assert_eq!(item["duration"], "10.1");
    assert!(item["watermark_url"].is_string());

    let sound = find("audio/video-to-audio", json!({"video_url": "http://h/v.mp4"})).await;
    assert_eq!(sound["task_info"]["parent_video"]["url"], "http://h/v.mp4");
    let longer = find("videos/video-extend", json!({"video_id": "77"})).await;
    assert_eq!(longer["task_info"]["parent_video"]["id"], "77");
}

#[tokio::test]
async fn wrong_paths_are_redirected_or_answered_with_a_page() {
    let bench = Bench::start(at_once()).await;
    let slash = bench.request(Method::GET, "/kling/v1/videos/text2video/").send().await.unwrap();
    assert_eq!(slash.status(), 301);
    assert_eq!(slash.headers()["location"], "/kling/v1/videos/text2video");
    for path in ["/v1/videos/text2video", "/kling/v1/videos/nothing", "/kling/v2/x", "/"] {
        let page = bench.request(Method::POST, path).json(&clip("a")).send().await.unwrap();
        assert_eq!(page.status(), 200, "{path}");
        assert!(page.text().await.unwrap().starts_with('<'), "{path}");
    }
    let delete = bench.request(Method::DELETE, "/kling/v1/videos/text2video");
    let (status, body) = answer(delete).await;
    assert_eq!((status.as_u16(), &body["code"]), (404, &json!(1202)));
    assert_eq!(bench.accounts().submissions, 0);
}
