//! `dead edit`: a letter is published in other words.

use job::EventKind;
use serde_json::{Value, json};

use super::dead::{dead_letter, holds, publish, wide};
use crate::harness::{Consumer, Environment, Program, Provider, Wish, until};

on_each_backend!(
    a_parked_job_is_done_with_another_request,
    an_edit_that_is_repeated_is_one_round_and_one_payment,
    what_is_wrong_or_under_way_is_not_edited,
    a_conflict_is_done_under_an_id_of_its_own,
    a_message_that_is_no_job_is_replaced_by_one_that_is,
);

/// A job that needs two slots where there is one, parked with its letter.
async fn parked(environment: &Environment, program: &Program, id: &str) {
    let wish = wide(id);
    publish(environment, id, &wish.routing_key(), &wish.message().to_string()).await;
    holds(program, 1).await;
}

fn narrow(environment: &Environment, provider: &Provider) -> Program {
    let mut program = environment.program_for(provider);
    program.set("limits.images", "1");
    program
}

async fn get(program: &Program, id: &str) -> Value {
    program.run(&["get", id, "--json"]).await.exits(0).json()
}

async fn a_parked_job_is_done_with_another_request(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = narrow(&environment, &provider);
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    parked(&environment, &program, "first").await;
    let edited = program.run(&["dead", "edit", "first", "--set", "n=1", "--json"]).await.exits(0);
    assert_eq!(edited.json(), json!({"edited": 1, "tenant": "default", "job_id": "first"}));
    until("it succeeds", async || consumer.received().count(EventKind::Succeeded) == 1).await;
    let job = get(&program, "first").await;
    assert_eq!((&job["state"], &job["round"]), (&json!("succeeded"), &json!(2)));
    assert_eq!(provider.tasks_of("first").await, 1);
    holds(&program, 0).await;

    parked(&environment, &program, "second").await;
    let request = json!({"prompt": "A boat [job:second]"}).to_string();
    let edit = ["dead", "edit", "second", "--request", "-"];
    program.run_with(&edit, &request).await.exits(0);
    until("it succeeds", async || consumer.received().count(EventKind::Succeeded) == 2).await;
    assert_eq!(provider.tasks_of("second").await, 1);
    // The first request is another one now.
    let first = wide("second");
    publish(&environment, "second", &first.routing_key(), &first.message().to_string()).await;
    until("it is a conflict", async || consumer.received().count(EventKind::Conflict) == 1).await;
    assert_eq!(provider.tasks_of("second").await, 1);
}

/// The letter is delivered again, as if its acknowledgement was lost; also while a command is
/// killed.
async fn an_edit_that_is_repeated_is_one_round_and_one_payment(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = narrow(&environment, &provider);
    let consumer = Consumer::subscribed(&environment).await;
    let mut up = program.start_role("up", "up").await;
    let edit = ["dead", "edit", "again", "--set", "n=1", "--json"];
    parked(&environment, &program, "again").await;
    let copy = dead_letter(&environment).await;
    // Otherwise the job may end between two commands, and the rest of them have nothing to journal.
    up.stop().await;
    for point in ["ledger.swap.before", "ledger.swap.after", "publish.journal.after", "ack.before"]
    {
        let mut doomed = program.clone();
        let orders = environment.file("orders", &format!("{point}=return\n"));
        doomed.env("CRASH_POINTS_FILE", &orders);
        let done = doomed.run(&edit).await;
        assert_eq!(done.code, -1, "{point}: {done:?}");
        until("the letter is back", async || {
            let count = program.run(&["dead", "count", "--json"]).await;
            count.code == 0 && count.json()["total"] == json!(1)
        })
        .await;
    }
    let _up = program.start_role("up", "up").await;
    until("it succeeds", async || consumer.received().count(EventKind::Succeeded) == 1).await;
    holds(&program, 1).await;
    program.run(&edit).await.exits(0);
    holds(&program, 0).await;
    let to = ports::Destination::Dead { routing_key: wide("again").routing_key() };
    environment.broker().await.publish(&to, copy).await.expect("published");
    holds(&program, 1).await;
    let done = program.run(&edit).await.exits(0);
    assert!(done.stderr.contains("was edited so before"), "{}", done.stderr);
    holds(&program, 0).await;
    let job = get(&program, "again").await;
    assert_eq!((&job["state"], &job["round"]), (&json!("succeeded"), &json!(2)));
    assert_eq!(provider.tasks_of("again").await, 1);
}

async fn what_is_wrong_or_under_way_is_not_edited(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = narrow(&environment, &provider);
    let _up = program.start_role("up", "up").await;
    parked(&environment, &program, "wrong").await;
    let before = get(&program, "wrong").await;
    program.run(&["dead", "edit", "wrong"]).await.exits(2);
    program.run(&["dead", "edit", "nobody", "--set", "n=1"]).await.exits(4);
    let message = environment.file("message.json", &wide("wrong").message().to_string());
    program.run(&["dead", "edit", "wrong", "--set", "n=1", "--message", &message]).await.exits(2);
    let refused = program.run(&["dead", "edit", "wrong", "--set", "n=many"]).await.exits(2).stderr;
    assert!(refused.contains("n: ") && refused.contains("nothing was changed"), "{refused}");
    program.run(&["dead", "edit", "wrong", "--set", "n=2"]).await.exits(2);
    let mut other = wide("wrong").message();
    (other["priority"], other["request"]["n"]) = ("high".into(), 1.into());
    let message = environment.file("message.json", &other.to_string());
    let kept = program.run(&["dead", "edit", "wrong", "--message", &message]).await.exits(1).stderr;
    assert!(kept.contains("only its request can be edited"), "{kept}");
    let kept = program.run(&["dead", "edit", "wrong", "--set", "n=1", "--id", "new"]).await;
    assert!(kept.exits(1).stderr.contains("its job is parked with it"));
    assert_eq!(before, get(&program, "wrong").await);
    holds(&program, 1).await;
    assert_eq!(provider.figures().await.submissions, 0);
}

async fn a_conflict_is_done_under_an_id_of_its_own(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    let wish = Wish::video("order-1");
    publish(&environment, "order-1", &wish.routing_key(), &wish.message().to_string()).await;
    consumer.receives("order-1").await;
    let mut other = wish.message();
    other["request"]["prompt"] = "another [job:other]".into();
    publish(&environment, "order-1", &wish.routing_key(), &other.to_string()).await;
    holds(&program, 1).await;
    let stays =
        program.run(&["dead", "edit", "order-1", "--set", "prompt=x"]).await.exits(1).stderr;
    assert!(stays.contains("its id belongs to another request"), "{stays}");
    program.run(&["dead", "edit", "order-1", "--id", "order-2"]).await.exits(0);
    assert_eq!(consumer.receives("order-2").await.kind(), Some(EventKind::Succeeded));
    assert_eq!((provider.tasks_of("other").await, provider.tasks_of("order-1").await), (1, 1));
    holds(&program, 0).await;
}

async fn a_message_that_is_no_job_is_replaced_by_one_that_is(environment: Environment) {
    let provider = Provider::here(json!({})).await;
    let program = environment.program_for(&provider);
    let consumer = Consumer::subscribed(&environment).await;
    let _up = program.start_role("up", "up").await;
    let wish = Wish::video("fixed");
    publish(&environment, "broken", &wish.routing_key(), "no json").await;
    holds(&program, 1).await;
    let whole = program.run(&["dead", "edit", "broken", "--set", "n=1"]).await.exits(2).stderr;
    assert!(whole.contains("--message"), "{whole}");
    let message = environment.file("message.json", &wish.message().to_string());
    program.run(&["dead", "edit", "broken", "--message", &message]).await.exits(0);
    assert_eq!(consumer.receives("fixed").await.kind(), Some(EventKind::Succeeded));
    holds(&program, 0).await;

    // Its id was only used by a message that was rejected.
    let mut invalid = Wish::video("invalid").message();
    invalid["request"]["cfg_scale"] = 3.into();
    publish(&environment, "invalid", &wish.routing_key(), &invalid.to_string()).await;
    assert_eq!(consumer.receives("invalid").await.kind(), Some(EventKind::Rejected));
    holds(&program, 1).await;
    program.run(&["dead", "edit", "invalid", "--set", "cfg_scale=0.5"]).await.exits(0);
    until("it succeeds", async || consumer.received().count(EventKind::Succeeded) == 2).await;
    assert_eq!(provider.tasks_of("invalid").await, 1);
    holds(&program, 0).await;
}
