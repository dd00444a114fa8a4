//! The course of a task: order of statuses, speed, ids, times.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use simulator::{IdStyle, Life, Settings};

use crate::bench::{Bench, T2V, clip};

fn fixed_life(seconds: f64) -> BTreeMap<String, Life> {
    BTreeMap::from([(T2V.to_owned(), Life { median_s: seconds, sigma: 0.0 })])
}

#[tokio::test]
async fn a_task_walks_through_its_statuses_at_speed() {
    let settings = Settings { speed: 100.0, lives: fixed_life(30.0), ..Settings::default() };
    let bench = Bench::start(settings).await;
    let begin = Instant::now();
    let id = bench.task("a").await;
    let mut seen: Vec<String> = Vec::new();
    while seen.last().is_none_or(|status| status != "succeed") {
        assert!(begin.elapsed() < Duration::from_secs(5), "{seen:?}");
        let (_, body) = bench.get(&format!("{T2V}/{id}")).await;
        let status = body["data"]["task_status"].as_str().unwrap().to_owned();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
    }
    assert!(begin.elapsed() >= Duration::from_millis(300), "30 s at 100 is 0.3 s");
    let in_order = ["submitted", "processing", "succeed"];
    assert!(in_order.ends_with(&seen.iter().map(String::as_str).collect::<Vec<_>>()), "{seen:?}");
    assert!(seen.len() >= 2, "{seen:?}");
    let task = &bench.simulator.accounts_with_tasks().tasks.unwrap()[0];
    let lived = task.finished_at_ms.unwrap() - task.accepted_at_ms;
    assert!((299..=301).contains(&lived), "{lived} ms");
}

/// How long the tasks of three jobs lived, in milliseconds, about 60 each.
async fn lives(seed: u64) -> Vec<u64> {
    let life = Life { median_s: 60.0, sigma: 0.5 };
    let lives = BTreeMap::from([(T2V.to_owned(), life)]);
    let bench = Bench::start(Settings { seed, speed: 1_000.0, lives, ..Settings::default() }).await;
    for job in ["a", "b", "c"] {
        bench.task(job).await;
    }
    let deadline = Instant::now() + Duration::from_secs(5);
    while bench.accounts().unfinished > 0 {
        assert!(Instant::now() < deadline, "tasks never ended");
        tokio::task::yield_now().await;
    }
    let tasks = bench.simulator.accounts_with_tasks().tasks.unwrap();
    tasks.iter().map(|task| task.finished_at_ms.unwrap() - task.accepted_at_ms).collect()
}

#[tokio::test]
async fn lives_repeat_by_seed_and_marker() {
    // Both ends are rounded to milliseconds.
    let alike = |a: &[u64], b: &[u64]| a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= 1);
    let once = lives(1).await;
    assert!(alike(&once, &lives(1).await));
    assert!(!alike(&once, &lives(2).await));
    assert!(once[0].abs_diff(once[1]) > 1 || once[1].abs_diff(once[2]) > 1, "{once:?}");
}

#[tokio::test]
async fn ids_are_unique_and_tell_their_time() {
    for (id_style, digits) in [(IdStyle::Native, [18, 19]), (IdStyle::Gateway, [19, 19])] {
        let settings = Settings { id_style, life_ms: Some(0), ..Settings::default() };
        let bench = Bench::start(settings).await;
        let mut ids = HashSet::new();
        for n in 0..50 {
            let (_, body) = bench.create(T2V, clip(&n.to_string())).await;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
            assert!(body["data"]["created_at"].as_u64().unwrap().abs_diff(now) < 2_000);
            let id = body["data"]["task_id"].as_str().unwrap().to_owned();
            assert!(digits.contains(&id.len()), "{id}");
            ids.insert(id);
        }
        assert_eq!(ids.len(), 50);
    }
}
