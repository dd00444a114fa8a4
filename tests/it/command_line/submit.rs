//! `submit`: receipts, invalid lines, keys, waiting.

use std::time::Duration;

use job::{Lane, Priority, Resource};
use ports::Source;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::harness::{Environment, Program, Provider, Wish, until};

on_each_backend!(
    a_job_from_flags_gets_a_receipt,
    a_bad_line_does_not_hold_up_the_next,
    what_is_good_beside_a_bad_line_is_waited_for,
    jobs_come_from_stdin,
    a_job_from_stdin_is_in_before_the_next_is_written,
    the_same_key_again_is_the_same_job,
    waiting_shows_how_the_job_ended,
    a_misspelt_field_is_warned_of_and_published,
    a_field_is_read_from_a_file,
);

async fn depth(environment: &Environment, priority: Priority) -> u64 {
    let lane = Source::Lane(Lane { resource: Resource::Videos, priority });
    environment.broker().await.depth(&lane).await.expect("a depth")
}

async fn a_job_from_flags_gets_a_receipt(environment: Environment) {
    let program = environment.program();
    let mut flags =
        vec!["submit", "videos/text2video", "--prompt", "a kite", "--set", "duration=5"];
    flags.extend(["--key", "order-1", "--tenant", "acme", "--priority", "high"]);
    flags.extend(["--metadata", "order=42", "--deadline", "2030-01-01T00:00:00Z"]);
    flags.extend(["--retries", "1", "--json"]);
    let receipt = program.run(&flags).await.exits(0).json();
    let expected = json!({
        "id": "order-1", "tenant": "acme", "operation": "videos/text2video", "status": "queued",
    });
    assert_eq!(receipt, expected);
    assert_eq!(depth(&environment, Priority::High).await, 1);

    // Without a key, each is a separate job.
    let arguments = ["submit", "videos/text2video", "--prompt", "a kite", "--json"];
    let one = program.run(&arguments).await.exits(0).json();
    let two = program.run(&arguments).await.exits(0).json();
    assert!(one["id"].is_string() && one["id"] != two["id"]);
    assert_eq!(depth(&environment, Priority::Normal).await, 2);

    let words = program.run(&["submit", "videos/text2video", "--prompt", "x", "--key", "k"]).await;
    assert_eq!(words.exits(0).stdout, "k  queued\n");

    let wrong = ["submit", "videos/text2video", "--prompt", "x", "--set", "cfg_scale=3", "--json"];
    let told = program.run(&wrong[..wrong.len() - 1]).await.exits(2);
    assert!(told.stdout.is_empty() && told.stderr.contains("cfg_scale"), "{told:?}");
    let refused = program.run(&wrong).await.exits(2).json();
    assert_eq!(refused["status"], "invalid");
    let error = refused["error"].as_str().expect("an error");
    assert!(error.contains("cfg_scale") && error.contains('3') && error.contains('1'), "{error}");
    assert_eq!(depth(&environment, Priority::Normal).await, 3);
}

async fn a_bad_line_does_not_hold_up_the_next(environment: Environment) {
    let text = format!(
        "{}\n\n{{\"id\": \"typo\", \"opperation\": \"videos/text2video\"}}\nno json\n{}\n",
        Wish::video("one").message(),
        Wish::video("two").message()
    );
    let file = environment.file("jobs.jsonl", &text);
    let done = environment.program().run(&["submit", "--json", "--file", &file]).await.exits(1);
    let receipts = done.lines();
    let told: Vec<_> = receipts.iter().map(|r| (r["line"].clone(), r["status"].clone())).collect();
    let expected = [(1, "queued"), (3, "invalid"), (4, "invalid"), (5, "queued")];
    assert_eq!(told, expected.map(|(line, status)| (Value::from(line), Value::from(status))));
    assert_eq!(receipts[1]["id"], "typo", "the id is told even of a bad line");
    assert!(receipts[2]["error"].as_str().is_some_and(|error| error.contains("not JSON")));
    assert_eq!(depth(&environment, Priority::Normal).await, 2);
}

async fn what_is_good_beside_a_bad_line_is_waited_for(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let (one, two) = (Wish::video("one").message(), Wish::video("two").message());
    let file = environment.file("jobs.jsonl", &format!("{one}\nno json\n{two}\n"));
    let submit = ["submit", "--file", &file, "--wait", "--timeout", "30s"];
    let done = program.run(&submit).await.exits(1);
    assert!(done.stderr.contains("line 2: "), "{}", done.stderr);
    for id in ["one", "two"] {
        assert!(done.stdout.contains(&format!("{id}  queued\n")), "{}", done.stdout);
        assert!(done.stdout.contains(&format!("{id}  succeeded")), "{}", done.stdout);
    }
    // If there is no job to wait for, it does not wait.
    let bad = environment.file("bad.jsonl", "no json\n");
    program.run(&["submit", "--file", &bad, "--wait"]).await.exits(1);
}

async fn jobs_come_from_stdin(environment: Environment) {
    let lines = format!("{}\n{}", Wish::video("one").message(), Wish::video("two").message());
    let done = environment.program().run_with(&["submit", "--json", "--file", "-"], &lines).await;
    let receipts = done.exits(0).lines();
    assert_eq!(
        (receipts[0]["id"].as_str(), receipts[1]["id"].as_str()),
        (Some("one"), Some("two"))
    );
    assert_eq!(depth(&environment, Priority::Normal).await, 2);
    let nothing = environment.program().run_with(&["submit", "--file", "-"], "").await.exits(0);
    assert_eq!(nothing.stdout, "");
}

/// The producer writes a line from time to time.
async fn a_job_from_stdin_is_in_before_the_next_is_written(environment: Environment) {
    let submit = ["submit", "--json", "--file", "-"];
    let mut process = environment.program().start_fed("submit", &submit);
    let mut stdin = process.stdin();
    for (count, id) in ["one", "two"].into_iter().enumerate() {
        let line = format!("{}\n", Wish::video(id).message());
        stdin.write_all(line.as_bytes()).await.expect("it reads");
        until(&format!("the receipt of {id}"), async || {
            process.stdout().lines().count() == count + 1
        })
        .await;
        let receipt: Value = serde_json::from_str(process.stdout().lines().last().expect("a line"))
            .expect("a receipt");
        assert_eq!((&receipt["id"], &receipt["status"]), (&json!(id), &json!("queued")));
        assert!(process.is_running(), "its stdin is open");
    }
    drop(stdin);
    assert_eq!(process.ended(Duration::from_secs(30)).await, Some(0));
    assert_eq!(depth(&environment, Priority::Normal).await, 2);
}

async fn submit_and_wait(program: &Program, key: &str) -> Vec<Value> {
    let prompt = format!("a kite [job:{key}]");
    let mut arguments = vec!["submit", "videos/text2video", "--prompt", &prompt, "--key", key];
    arguments.extend(["--wait", "--timeout", "30s", "--json"]);
    program.run(&arguments).await.exits(0).lines()
}

async fn the_same_key_again_is_the_same_job(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    let first = submit_and_wait(&program, "order-1").await;
    let again = submit_and_wait(&program, "order-1").await;
    assert_eq!(first[1]["state"], "succeeded");
    assert_eq!(first[1]["task_id"], again[1]["task_id"]);
    assert!(first[1]["outputs"][0]["url"].is_string());
    assert_eq!(provider.tasks_of("order-1").await, 1);

    // The existing result belongs to another request.
    let other = ["submit", "videos/text2video", "--prompt", "another", "--key", "order-1"];
    let waiting = [&other[..], &["--wait", "--timeout", "30s", "--json"]].concat();
    let done = program.run(&waiting).await.exits(3);
    assert_eq!(done.lines()[1]["state"], "conflict");
    assert!(done.stderr.contains("another request"), "{}", done.stderr);
}

async fn waiting_shows_how_the_job_ended(environment: Environment) {
    let faults = json!([{"kind": "fail_moderation", "operation": "images/generations"}]);
    let provider = Provider::here(json!({"faults": faults})).await;
    let program = environment.program_for(&provider);
    let submit = ["submit", "images/generations", "--prompt", "x [job:a]", "--key", "a", "--json"];
    let timed = [&submit[..], &["--wait", "--timeout", "300ms"]].concat();
    // No worker is running yet.
    let lines = program.run(&timed).await.exits(5).lines();
    assert_eq!(lines[1]["state"], "queued or unknown");
    let _up = program.start_role("up", "up").await;
    let waiting = [&submit[..], &["--wait", "--timeout", "30s"]].concat();
    let lines = program.run(&waiting).await.exits(3).lines();
    assert_eq!((&lines[0]["status"], &lines[1]["state"]), (&json!("queued"), &json!("failed")));
    assert_eq!(lines[1]["error"]["kind"], "moderation");
}

async fn a_misspelt_field_is_warned_of_and_published(environment: Environment) {
    let program = environment.program();
    let flags = ["submit", "videos/text2video", "--prompt", "a kite", "--set", "aspect_raito=16:9"];
    let done = program.run(&flags).await.exits(0);
    let refused = program.run(&["submit", "videos/text2vidoe", "--prompt", "x"]).await.exits(2);
    let told = "unknown operation: did you mean videos/text2video?";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
    let told = "aspect_raito is not known: did you mean aspect_ratio?";
    assert!(done.stderr.contains(told), "{}", done.stderr);
    let mut job = Wish::video("a").message();
    job["request"]["aspect_raito"] = "16:9".into();
    let file = environment.file("jobs.jsonl", &format!("{job}\n").repeat(50));
    let done = program.run(&["submit", "--file", &file]).await.exits(0);
    assert!(done.stderr.contains(&format!("line 2: {told}")), "{}", done.stderr);
    assert_eq!(done.stderr.matches(told).count(), 20, "not one for each line of a long file");
    assert!(depth(&environment, Priority::Normal).await > 1);
}

/// The request that a worker finds is what the provider wants: Base64 without `data:`.
async fn a_field_is_read_from_a_file(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let image = environment.directory().join("cat.png");
    std::fs::write(&image, vec![0xfb; 3000]).expect("a file");
    let image = format!("image=@{}", image.display());
    let notes = format!("prompt=@{}", environment.file("notes.txt", "a kite [job:a]\n"));
    let of = |key, prompt| {
        ["submit", "videos/image2video", "--set", &image, "--set", prompt, "--key", key]
    };
    program.run(&of("a", &notes)).await.exits(0);
    program.run(&of("b", "prompt=@@alice dances [job:b]")).await.exits(0);
    let lane = Source::Lane(Lane { resource: Resource::Videos, priority: Priority::Normal });
    let mut taken = environment.broker().await.consume(&lane, 2).await.expect("it consumes");
    for prompt in ["a kite [job:a]", "@alice dances [job:b]"] {
        let delivery = taken.next().await.expect("a delivery");
        let job: Value = serde_json::from_slice(&delivery.message.body).expect("JSON");
        assert_eq!(job["request"]["image"], "+/v7".repeat(1000));
        assert_eq!(job["request"]["prompt"], prompt);
    }

    let missing = ["submit", "videos/image2video", "--set", "image=@none.png", "--json"];
    let refused = program.run(&missing).await.exits(2);
    assert!(refused.stderr.contains("image: none.png: No such file"), "{}", refused.stderr);
    let large = environment.directory().join("large.png");
    std::fs::write(&large, vec![0; 7 * 1024 * 1024]).expect("a file");
    let large = format!("image=@{}", large.display());
    let refused = program.run(&["submit", "videos/image2video", "--set", &large]).await.exits(2);
    assert!(refused.stderr.contains("send a URL"), "{}", refused.stderr);
}
