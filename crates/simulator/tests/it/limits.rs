//! Limits: exact under concurrent load, every violation counted.

use std::time::{Duration, Instant};

use serde_json::json;
use simulator::{PerPool, Settings};
use tokio::task::JoinSet;

use crate::bench::{Bench, IMAGES, T2V, clip, endless};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_tasks_than_slots_under_load() {
    let concurrency = PerPool { videos: 7, ..PerPool::default() };
    let bench = Bench::start(Settings { concurrency, ..endless() }).await;
    let mut posts = JoinSet::new();
    for n in 0..60 {
        let request = bench.post(T2V, &clip(&format!("j{n}")));
        posts.spawn(async move { request.send().await.unwrap().status().as_u16() });
    }
    let statuses = posts.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 7);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 53);
    let accounts = bench.accounts();
    assert_eq!(accounts.limit_violations.concurrency, 53);
    assert_eq!((accounts.in_flight.videos, accounts.in_flight_max.videos), (7, 7));
    let (_, body) = bench.create(T2V, clip("one more")).await;
    assert_eq!(body["code"], 1303);
    assert_eq!(body["message"], "parallel task over resource pack limit");
}

#[tokio::test]
async fn an_image_task_takes_n_slots_and_pools_are_apart() {
    let concurrency = PerPool { images: 5, videos: 1, audio: 1 };
    let bench = Bench::start(Settings { concurrency, ..endless() }).await;
    let image = |n: u32| bench.create(IMAGES, json!({"prompt": format!("[job:{n}]"), "n": n}));
    assert_eq!(image(3).await.0, 200);
    assert_eq!(image(4).await.0, 429);
    assert_eq!(image(2).await.0, 200);
    assert_eq!(bench.create(T2V, clip("v")).await.0, 200);
    let audio = json!({"prompt": "rain [job:a]", "duration": 5});
    assert_eq!(bench.create("audio/text-to-audio", audio).await.0, 200);
    let accounts = bench.accounts();
    assert_eq!(accounts.in_flight, PerPool { videos: 1, images: 5, audio: 1 });
    assert_eq!(accounts.limit_violations.concurrency, 1);
}

#[tokio::test]
async fn a_slot_is_free_again_when_the_task_ends() {
    let concurrency = PerPool { videos: 1, ..PerPool::default() };
    let settings = Settings { concurrency, life_ms: Some(150), ..Settings::default() };
    let bench = Bench::start(settings).await;
    let id = bench.task("a").await;
    assert_eq!(bench.create(T2V, clip("b")).await.0, 429);
    let deadline = Instant::now() + Duration::from_secs(5);
    while bench.get(&format!("{T2V}/{id}")).await.1["data"]["task_status"] != "succeed" {
        assert!(Instant::now() < deadline, "the task never ended");
    }
    assert_eq!(bench.create(T2V, clip("b")).await.0, 200);
    assert_eq!(bench.accounts().in_flight_max.videos, 1);
}

#[tokio::test]
async fn creates_beyond_the_rate_are_refused_and_queries_are_not() {
    let bench = Bench::start(Settings { rate_per_second: 3, ..endless() }).await;
    let begin = Instant::now();
    let mut refused = 0;
    let mut passed = 0;
    while passed < 7 {
        let (status, body) = bench.create(T2V, clip("a")).await;
        match (status.as_u16(), body["code"].as_u64()) {
            (200, _) => passed += 1,
            (429, Some(1302)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(begin.elapsed() >= Duration::from_secs(2), "7 passes at 3/s take over 2 s");
    for _ in 0..20 {
        assert_eq!(bench.get("videos/text2video/878106242831892487").await.0, 404);
    }
    let accounts = bench.accounts();
    assert_eq!((accounts.accepted, accounts.limit_violations.rate), (7, refused));
    assert!(refused > 0);
}
