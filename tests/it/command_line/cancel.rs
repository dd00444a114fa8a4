//! `cancel`: before a worker has recorded the job, before it is submitted, and too late.

use job::EventKind;
use serde_json::{Value, json};

use crate::harness::{Consumer, Environment, Program, Provider, Wish, lines, until};

on_each_backend!(
    a_job_cancelled_before_it_comes_is_never_submitted,
    a_job_that_waits_for_its_next_try_is_cancelled,
    a_job_is_named_as_it_is_printed,
    what_the_provider_has_goes_on,
    all_jobs_of_a_tenant_that_wait_are_cancelled,
    jobs_in_a_file_are_cancelled,
);

async fn submit(environment: &Environment, program: &Program, wish: &Wish) {
    submit_all(environment, program, std::slice::from_ref(wish)).await;
}

async fn submit_all(environment: &Environment, program: &Program, wishes: &[Wish]) {
    let file = environment.file("jobs.jsonl", &lines(wishes));
    program.run(&["submit", "--file", &file]).await.exits(0);
}

async fn state(program: &Program, id: &str) -> Value {
    program.run(&["get", id, "--json"]).await.json()["state"].clone()
}

async fn a_job_cancelled_before_it_comes_is_never_submitted(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let arguments = ["cancel", "gone", "--ahead", "--json"];
    let cancelled = program.run(&arguments).await.exits(0).json();
    assert_eq!((&cancelled["id"], &cancelled["state"]), (&json!("gone"), &json!("cancelled")));
    assert_eq!(cancelled["unseen"], true);
    // It is not a job, and no list shows it as one.
    let row = program.run(&["list", "--json"]).await.exits(0).json();
    assert_eq!((&row["id"], &row["state"]), (&json!("gone"), &json!("cancelled")));
    assert_eq!(row["unseen"], true, "{row}");
    for command in [&["list"][..], &["get", "gone"]] {
        let told = program.run(command).await.exits(0).stdout;
        assert_eq!(told, "gone  cancelled ahead: no job has come under this id\n");
    }
    // Cancelling twice changes nothing. The id or tenant may also be wrong.
    let unseen = program.run(&["cancel", "gone"]).await.exits(4);
    assert!(unseen.stderr.contains("no worker has recorded gone"), "{}", unseen.stderr);

    let _up = program.start_role("up", "up").await;
    submit(&environment, &program, &Wish::video("gone")).await;
    let event = consumer.receives("gone").await;
    assert_eq!(event.kind(), Some(EventKind::Cancelled));
    assert_eq!(event.data.operation.as_str(), "videos/text2video", "in the job's own words");
    assert_eq!(provider.accounts().await.submissions, 0);
}

async fn a_job_that_waits_for_its_next_try_is_cancelled(environment: Environment) {
    let provider = Provider::here(json!({"faults": [{"kind": "busy"}]})).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    submit(&environment, &program, &Wish::video("waits")).await;
    let mut cancelled = false;
    until("it is cancelled between two tries", async || {
        // While the job is being submitted, it is too late for the moment. Before a worker has
        // recorded it, it is cancelled too.
        let code = program.run(&["cancel", "waits"]).await.code;
        cancelled = cancelled || matches!(code, 0 | 4);
        cancelled && state(&program, "waits").await == "cancelled"
    })
    .await;
    let event = consumer.receives("waits").await;
    assert_eq!(event.kind(), Some(EventKind::Cancelled));

    // The provider is free again, and the message returns from its delay: nothing is sent.
    provider.change(json!({})).await;
    submit(&environment, &program, &Wish::video("next")).await;
    assert_eq!(consumer.receives("next").await.kind(), Some(EventKind::Succeeded));
    assert_eq!(provider.tasks_of("waits").await, 0);
    assert_eq!(state(&program, "waits").await, "cancelled");
}

async fn a_job_is_named_as_it_is_printed(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    for id in ["plain", "orders/42"] {
        submit(&environment, &program, &Wish::video(id)).await;
        program.run(&["wait", id, "--timeout", "30s"]).await.exits(0);
        let printed = format!("default/{id}");
        for name in [id, printed.as_str()] {
            let got = program.run(&["get", name, "--json"]).await.exits(0).json();
            assert_eq!((&got["id"], &got["state"]), (&json!(id), &json!("succeeded")));
            program.run(&["wait", name, "--timeout", "5s"]).await.exits(0);
            program.run(&["why", name]).await.exits(0);
            let late = program.run(&["cancel", name]).await.exits(1);
            assert!(late.stderr.contains("already ended"), "{}", late.stderr);
        }
    }
}

/// Right after the loss, the ledger has no record of the tasks that were paid for.
#[tokio::test(flavor = "multi_thread")]
async fn no_cancellation_hides_a_paid_task_while_the_ledger_is_rebuilt() {
    let mut environment = Environment::with_own_redis().await;
    let provider = Provider::here(json!({"life_ms": 12_000})).await;
    let mut program = environment.program_for(&provider);
    program.set("kling.timeout", "2s");
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    let ids: Vec<String> = (0..20).map(|n| format!("paid-{n}")).collect();
    let wishes: Vec<Wish> = ids.iter().map(|id| Wish::video(id)).collect();
    submit_all(&environment, &program, &wishes).await;
    until("all are at the provider", async || provider.accounts().await.accepted == 20).await;
    until("all are known", async || {
        let rows = program.run(&["list", "--state", "pending", "--json"]).await.exits(0);
        rows.lines().len() == 20
    })
    .await;
    environment.redis().flush();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    for id in &names[..4] {
        let late = program.run(&["cancel", id]).await.exits(1);
        assert!(late.stderr.contains("cannot stop a task"), "{}", late.stderr);
    }
    let received = consumer.receives_outcomes(20).await;
    received.has_one_outcome_each(names.iter().copied());
    assert_eq!(received.count(EventKind::Succeeded), 20);
}

async fn what_the_provider_has_goes_on(environment: Environment) {
    let provider = Provider::here(json!({"life_ms": 3_000})).await;
    let program = environment.program_for(&provider);
    let _up = program.start_role("up", "up").await;
    submit(&environment, &program, &Wish::video("late")).await;
    until("the provider has it", async || state(&program, "late").await == "pending").await;
    let refused = program.run(&["cancel", "late", "--json"]).await.exits(1);
    assert_eq!(refused.json()["state"], "pending");
    assert!(refused.stderr.contains("cannot stop a task"), "{}", refused.stderr);
    program.run(&["wait", "late", "--timeout", "30s"]).await.exits(0);
    let ended = program.run(&["cancel", "late"]).await.exits(1);
    assert!(ended.stderr.contains("already ended: succeeded"), "{}", ended.stderr);
}

fn of_tenant(tenant: &str, count: usize) -> String {
    let line = |n: usize| {
        let mut message = Wish::video(&format!("{tenant}-{n:03}")).message();
        message["tenant"] = tenant.into();
        message["metadata"] = json!({"half": n % 2});
        format!("{message}\n")
    };
    (0..count).map(line).collect()
}

/// More than have room in the ledger at once: the others wait in the broker.
async fn all_jobs_of_a_tenant_that_wait_are_cancelled(environment: Environment) {
    const JOBS: usize = 120;
    let provider = Provider::here(json!({"life_ms": 600_000})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.videos", "1");
    program.set("tenants.waiting", "40");
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    for tenant in ["acme", "other"] {
        let file = environment.file("jobs.jsonl", &of_tenant(tenant, JOBS));
        program.run(&["submit", "--file", &file]).await.exits(0);
    }
    let waiting = async |tenant: &str| {
        let list = ["list", "--state", "waiting", "--tenant", tenant, "--limit", "999", "--json"];
        program.run(&list).await.exits(0).lines().len()
    };
    until("as many wait as may", async || waiting("acme").await >= 40).await;
    let all = ["cancel", "--all", "--tenant", "acme"];
    let asked = program.run(&all).await.exits(2);
    assert!(asked.stderr.contains("jobs of tenant acme") && asked.stderr.contains("--yes"));
    let half = [&all[..], &["--metadata", "half=1", "--yes", "--json"]].concat();
    // Others of the tenant, which are not selected, keep the room full.
    let half = program.run(&half).await.exits(1);
    assert!(half.stderr.contains("wait in overflow queues"), "{}", half.stderr);
    let half = half.json()["cancelled"].as_u64().expect("a number");
    let rest = [&all[..], &["--yes", "--json"]].concat();
    let rest = program.run(&rest).await.exits(0).json()["cancelled"].as_u64().expect("a number");
    assert!(half >= 20 && rest > 0, "{half} {rest}");
    // The task of one may run.
    let all = usize::try_from(half + rest).expect("few");
    assert!((JOBS - 1..=JOBS).contains(&all), "{half} {rest}");
    assert_eq!(waiting("acme").await, 0);
    assert!(waiting("other").await >= 40);
    let received = consumer.receives_outcomes(all).await;
    assert!(received.0.iter().all(|event| event.kind() == Some(EventKind::Cancelled)));
    assert!(provider.accounts().await.submissions <= 1);
}

async fn jobs_in_a_file_are_cancelled(environment: Environment) {
    let provider = Provider::here(json!({"life_ms": 600_000})).await;
    let mut program = environment.program_for(&provider);
    program.set("limits.videos", "1");
    let _up = program.start_role("up", "up").await;
    submit(&environment, &program, &Wish::video("runs")).await;
    until("it runs", async || state(&program, "runs").await == "pending").await;
    submit_all(&environment, &program, &["a", "b", "c"].map(Wish::video)).await;
    for id in ["a", "b", "c"] {
        until("it waits", async || state(&program, id).await == "waiting").await;
    }
    let file = environment.file("ids", "a\n\n  b \n");
    let asked = program.run(&["cancel", "--file", &file]).await.exits(2);
    assert!(asked.stderr.contains("2 jobs are to be cancelled"), "{}", asked.stderr);
    let done = program.run(&["cancel", "--file", &file, "--yes", "--json"]).await.exits(0).json();
    assert_eq!(done, json!({"cancelled": 2, "unseen": 0, "too_late": 0}));
    let mixed = environment.file("ids", "a\nruns\nunknown\n");
    let done = program.run(&["cancel", "--file", &mixed, "--yes", "--json"]).await.exits(1).json();
    assert_eq!(done, json!({"cancelled": 0, "unseen": 1, "too_late": 2}));
    // Each is reported, and the exit code is that of the first that was not cancelled.
    let each = program.run(&["cancel", "c", "runs", "nobody", "--json"]).await.exits(1);
    let states: Vec<Value> = each.lines().iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, ["cancelled", "pending", "cancelled"]);
    for wrong in [&["cancel"][..], &["cancel", "a", "--all"], &["cancel", "a", "--model", "x"]] {
        program.run(wrong).await.exits(2);
    }
}
