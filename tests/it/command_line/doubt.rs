//! `gateway`, and `doubt list|attach|resubmit|fail`.

use std::net::TcpListener;

use job::EventKind;
use serde_json::json;

use crate::faults::publish;
use crate::harness::{Backend, Consumer, Environment, Program, Provider, until};

on_each_backend!(an_operator_settles_a_doubt);

async fn parked(program: &Program) -> usize {
    let done = program.run(&["doubt", "list", "--json"]).await.exits(0);
    done.lines().iter().filter(|job| job["state"] == "parked").count()
}

async fn an_operator_settles_a_doubt(environment: Environment) {
    let provider = Provider::here(json!({"faults": [{"kind": "lost_answer", "first_n": 1}]})).await;
    let mut program = environment.program_for(&provider);
    program.set("kling.timeout", "1s");
    program.set("doubt.settling", "0s");
    program.set("kling.look_up", "none");
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    let ids = publish(&environment, 3).await;
    until("all are parked", async || parked(&program).await == 3).await;
    let [one, two, three] = [0, 1, 2].map(|n: usize| ids[n].as_str());

    let rows = program.run(&["doubt", "list", "--json"]).await.exits(0).lines();
    let row = rows.iter().find(|row| row["id"] == one).expect("the first");
    assert_eq!((&row["proposals"], &row["evidence"]), (&json!([]), &json!([])));
    assert!(!row["cause"].as_str().expect("a cause").is_empty());
    let words = program.run(&["doubt", "list"]).await.exits(0).stdout;
    assert_eq!(words.lines().filter(|line| line.contains("  parked  ")).count(), 3);

    // A task that the provider denies is not attached. A task that it knows is attached, and only
    // once.
    let tasks = provider.accounts().await.tasks.expect("tasks");
    let task = tasks.iter().find(|task| task.marker == one).expect("its task").task_id.clone();
    let denied = program.run(&["doubt", "attach", one, "878106242831892487"]).await.exits(1);
    assert!(denied.stderr.contains("denies"), "{}", denied.stderr);
    let strange = program.run(&["doubt", "attach", two, &task]).await.exits(1);
    assert!(strange.stderr.contains("external id"), "{}", strange.stderr);
    let attached = program.run(&["doubt", "attach", one, &task, "--json"]).await.exits(0).json();
    assert_eq!((&attached["state"], &attached["task_id"]), (&json!("pending"), &json!(task)));
    let taken = program.run(&["doubt", "attach", two, &task, "--yes"]).await.exits(1);
    assert!(taken.stderr.contains("another job's"), "{}", taken.stderr);
    program.run(&["wait", one, "--timeout", "30s"]).await.exits(0);

    // Sent again with the same external id, it is refused as a repeat: this is a clear response.
    let risk = program.run(&["doubt", "resubmit", two]).await.exits(2);
    assert!(risk.stderr.contains("twice"), "{}", risk.stderr);
    let sent = program.run(&["doubt", "resubmit", two, "--yes", "--json"]).await.exits(0).json();
    assert_eq!((&sent["state"], &sent["round"]), (&json!("queued"), &json!(1)));
    until("the repeat was refused and the job is parked again", async || {
        let rows = program.run(&["doubt", "list", "--json"]).await.exits(0).lines();
        let row = rows.iter().find(|row| row["id"] == two && row["state"] == "parked");
        row.is_some_and(|row| row["evidence"].to_string().contains("repeat"))
    })
    .await;

    let why = "told by support";
    let failed = program.run(&["doubt", "fail", three, "--why", why, "--json"]).await.exits(0);
    assert_eq!(failed.json()["state"], "failed");
    until("its end is announced", async || consumer.received().count(EventKind::Failed) == 1).await;
    program.run(&["doubt", "fail", three]).await.exits(1);
    for command in [
        &["doubt", "fail", "nobody"][..],
        &["doubt", "attach", "nobody", &task],
        &["doubt", "attach", "nobody", &task, "--yes"],
        &["doubt", "resubmit", "nobody"],
        &["doubt", "resubmit", "nobody", "--yes"],
    ] {
        let told = program.run(command).await.exits(4).stderr;
        assert_eq!(told, "reelwork: nobody is not known\n", "{command:?}");
    }
    program.run(&["doubt", "resubmit", three]).await.exits(1);
    let accounts = provider.accounts().await;
    assert_eq!((accounts.submissions, accounts.accepted, accounts.double_paid), (4, 3, 0));
    assert_eq!(accounts.refused_repeats, 1, "it is not sent in a loop");
}

/// It was free a moment ago, which is enough.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_of_its_own_settles_lost_answers() {
    const JOBS: usize = 40;
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({
        "faults": [{"kind": "lost_answer", "rate": 0.3}],
        "external_ids": "dropped",
        "callbacks": {"enabled": true},
    }))
    .await;
    let mut program = environment.program_for(&provider);
    let address = free_address();
    program.set("gateway.listen", &address);
    program.set("gateway.callback_url", &format!("http://{address}/"));
    program.set("gateway.callback_secrets", "new-secret,old-secret");
    let consumer = Consumer::subscribed(&environment).await;
    let mut processes = Vec::new();
    for role in ["gateway", "worker", "poller"] {
        processes.push(program.start_role(role, role).await);
    }
    let ids = publish(&environment, JOBS).await;
    let received = consumer.receives_outcomes(JOBS).await;
    received.has_one_outcome_each(ids.iter().map(String::as_str));
    assert_eq!(received.count(EventKind::Succeeded), JOBS);
    let accounts = provider.accounts().await;
    assert!(accounts.faults.values().sum::<u64>() > 3, "{:?}", accounts.faults);
    assert_eq!((accounts.accepted, accounts.double_paid), (JOBS as u64, 0));
    for process in &mut processes {
        process.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_a_secret_does_not_start() {
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    let refused = program.run(&["gateway"]).await.exits(78);
    assert!(refused.stderr.contains("callback_secrets"), "{}", refused.stderr);
    program.set("gateway.callback_url", "https://callbacks.example");
    let refused = program.run(&["config", "check"]).await.exits(78);
    assert!(format!("{}{}", refused.stdout, refused.stderr).contains("callback_secrets"));
}
