//! External ids: repeats in the three modes, and the forms of look-up.

use serde_json::{Value, json};
use simulator::{ExternalIds, LookUp, Settings};

use crate::bench::{Bench, IMAGES, T2V, at_once, clip_as};

async fn bench(external_ids: ExternalIds, look_up: LookUp) -> Bench {
    Bench::start(Settings { external_ids, look_up, ..at_once() }).await
}

fn id_of(body: &Value) -> String {
    body["data"]["task_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn enforced_refuses_a_repeat() {
    let bench = bench(ExternalIds::Enforced, LookUp::default()).await;
    let (_, body) = bench.create(T2V, clip_as("a", "x")).await;
    assert_eq!(body["data"]["task_info"]["external_task_id"], "x");
    let (status, body) = bench.create(T2V, clip_as("b", "x")).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!(1201)));
    let image = json!({"prompt": "[job:c]", "external_task_id": "x"});
    assert_eq!(bench.create(IMAGES, image).await.0, 400, "unique per account, not per operation");
    let accounts = bench.accounts();
    assert_eq!((accounts.refused_repeats, accounts.accepted), (2, 1));
}

#[tokio::test]
async fn ignored_accepts_a_repeat_and_finds_the_newest() {
    let bench = bench(ExternalIds::Ignored, LookUp::default()).await;
    bench.create(T2V, clip_as("a", "x")).await;
    let (_, body) = bench.create(T2V, clip_as("a", "x")).await;
    let newest = id_of(&body);
    let (_, body) = bench.get(&format!("{T2V}/x")).await;
    assert_eq!(id_of(&body), newest);
    let accounts = bench.accounts();
    assert_eq!((accounts.accepted, accounts.double_paid, accounts.look_ups), (2, 1, 1));
}

#[tokio::test]
async fn dropped_neither_stores_nor_echoes() {
    let bench = bench(ExternalIds::Dropped, LookUp::default()).await;
    for _ in 0..2 {
        let (status, body) = bench.create(T2V, clip_as("a", "x")).await;
        assert_eq!((status.as_u16(), &body["data"]["task_info"]), (200, &json!({})));
    }
    assert_eq!(bench.get(&format!("{T2V}/x")).await.0, 404);
    assert_eq!(bench.get(&format!("{T2V}?external_task_id=x")).await.0, 404);
    let (_, body) = bench.get(&format!("{T2V}?pageNum=1&pageSize=10")).await;
    assert_eq!(body["data"].as_array().unwrap().len(), 2);
    assert_eq!(body["data"][0]["task_info"], json!({}));
}

#[tokio::test]
async fn each_form_of_look_up_can_be_off() {
    for on in ["path", "query", "list"] {
        let look_up = LookUp { path: on == "path", query: on == "query", list: on == "list" };
        let bench = bench(ExternalIds::Enforced, look_up).await;
        let (_, body) = bench.create(T2V, clip_as("a", "x y/z")).await;
        let id = id_of(&body);
        let forms = [
            ("path", format!("{T2V}/x%20y%2Fz")),
            ("query", format!("{T2V}?external_task_id=x%20y%2Fz")),
            ("list", format!("{T2V}?pageNum=1&pageSize=30")),
        ];
        for (form, path) in forms {
            let (status, body) = bench.get(&path).await;
            if form == on {
                let task = if form == "list" { &body["data"][0] } else { &body["data"] };
                assert_eq!((status.as_u16(), &task["task_id"]), (200, &json!(id)), "{form}");
            } else {
                assert_eq!((status.as_u16(), &body["code"]), (404, &json!(1203)), "{form}");
            }
        }
        assert_eq!(bench.get(&format!("{T2V}/{id}")).await.0, 200, "the id always works");
        let accounts = bench.accounts();
        assert_eq!((accounts.look_ups, accounts.lists, accounts.queries), (2, 1, 1));
    }
}

#[tokio::test]
async fn a_task_is_found_only_under_its_operation() {
    let bench = bench(ExternalIds::Enforced, LookUp::default()).await;
    let (_, body) = bench.create(T2V, clip_as("a", "x")).await;
    assert_eq!(bench.get(&format!("videos/image2video/{}", id_of(&body))).await.0, 404);
    assert_eq!(bench.get("videos/image2video/x").await.0, 404);
    let (_, body) = bench.get("videos/image2video").await;
    assert_eq!(body["data"], json!([]));
}

#[tokio::test]
async fn the_list_is_paged_newest_first() {
    let bench = bench(ExternalIds::Enforced, LookUp::default()).await;
    for n in 0..7 {
        bench.create(T2V, clip_as(&format!("j{n}"), &format!("x{n}"))).await;
    }
    let mut seen = Vec::new();
    for page in 1..=4 {
        let (_, body) = bench.get(&format!("{T2V}?pageNum={page}&pageSize=3")).await;
        for task in body["data"].as_array().unwrap() {
            seen.push(task["task_info"]["external_task_id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(seen, ["x6", "x5", "x4", "x3", "x2", "x1", "x0"]);
    for wrong in ["pageNum=0", "pageSize=501", "pageNum=x", "pageNum=1001"] {
        assert_eq!(bench.get(&format!("{T2V}?{wrong}")).await.0, 400, "{wrong}");
    }
}
