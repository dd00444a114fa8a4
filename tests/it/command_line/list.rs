//! `list`: which jobs are selected, and where a list goes on.

use serde_json::json;

use crate::harness::{Environment, Program, Provider, Wish};

on_each_backend!(jobs_are_selected_and_listed_in_parts, wrong_selections_are_refused);

/// Operations, models and metadata of the jobs, in the order of publishing.
fn jobs() -> Vec<serde_json::Value> {
    let mut jobs: Vec<_> = (0..4).map(|n| Wish::video(&format!("video-{n}")).message()).collect();
    jobs[1]["request"]["model_name"] = "kling-v1-6".into();
    jobs[2]["metadata"] = json!({"order": "42", "count": 7});
    jobs[3]["tenant"] = "acme".into();
    jobs.push(Wish::of("images/generations", "image", "").message());
    jobs
}

async fn ids(program: &Program, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["list", "--json"], arguments].concat();
    let rows = program.run(&arguments).await.exits(0).lines();
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

async fn jobs_are_selected_and_listed_in_parts(environment: Environment) {
    let faults = json!([{"kind": "fail_generation", "operation": "images/generations"}]);
    let provider = Provider::here(json!({"faults": faults})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    // One after the other: the order of a list is that of their records.
    for job in jobs() {
        let file = environment.file("job.jsonl", &format!("{job}\n"));
        program.run(&["submit", "--file", &file, "--wait", "--timeout", "30s"]).await;
    }
    let all = ["image", "video-3", "video-2", "video-1", "video-0"];
    assert_eq!(ids(&program, &[]).await, all);
    for (arguments, expected) in [
        (&["--state", "failed", "--state", "succeeded"][..], &all[..]),
        (&["--state", "failed"], &["image"]),
        (&["--operation", "images/generations"], &["image"]),
        (&["--tenant", "acme"], &["video-3"]),
        (&["--model", "kling-v1-6"], &["video-1"]),
        (&["--metadata", "order=42"], &["video-2"]),
        (&["--metadata", "order=42", "--metadata", "count=7"], &["video-2"]),
        (&["--metadata", "order=42", "--metadata", "count=8"], &[]),
        (&["--error", "generation"], &["image"]),
        (&["--error", "moderation"], &[]),
        (&["--since", "1h"], &all),
        (&["--since", "1h", "--older-than", "0s"], &all),
        (&["--older-than", "1h"], &[]),
        (&["--limit", "0"], &[]),
    ] {
        assert_eq!(ids(&program, arguments).await, expected, "{arguments:?}");
    }
    let mut parts = vec![ids(&program, &["--limit", "2"]).await];
    for after in ["acme/video-3", "video-1"] {
        parts.push(ids(&program, &["--limit", "2", "--after", after]).await);
    }
    assert_eq!(parts, [&all[..2], &all[2..4], &all[4..]]);
}

async fn wrong_selections_are_refused(environment: Environment) {
    let program = environment.program();
    for (arguments, told) in [
        (&["--operation", "videos/text2vidoe"][..], "did you mean videos/text2video?"),
        (&["--state", "pendng"], "pending"),
        (&["--since", "soon"], "duration"),
        (&["--metadata", "order"], "FIELD=VALUE"),
        (&["--tenant", "a/b"], "a/b"),
        (&["--after", "a", "--older-than", "1h"], "cannot be used with"),
    ] {
        let refused = program.run(&[&["list"], arguments].concat()).await.exits(2);
        assert!(refused.stderr.contains(told), "{arguments:?}: {}", refused.stderr);
    }
    let unknown = program.run(&["list", "--after", "nobody"]).await.exits(4);
    assert!(unknown.stderr.contains("nobody"), "{}", unknown.stderr);
}
