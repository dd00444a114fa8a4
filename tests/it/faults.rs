//! A provider with faults, and what follows for jobs and payments.

use std::time::Duration;

use job::{EventKind, JobId, JobKey, Tenant, Timestamp};
use ports::{Destination, Message};
use serde_json::{Value, json};
use simulator::{Accounts, FaultKind};

use crate::harness::{Backend, Consumer, Environment, Provider, Received, Setup, Wish, until};

/// Publishes this many jobs to a provider with these faults, and waits until each has its outcome.
async fn run(
    environment: &Environment,
    setup: Setup,
    faults: Value,
    jobs: usize,
) -> (Received, Accounts) {
    run_with(environment, setup, json!({"faults": faults}), jobs).await
}

async fn run_with(
    environment: &Environment,
    setup: Setup,
    settings: Value,
    jobs: usize,
) -> (Received, Accounts) {
    let provider = Provider::here(settings).await;
    let roles = setup.start(environment, &provider).await;
    let consumer = Consumer::subscribed(environment).await;
    let ids = publish(environment, jobs).await;
    let received = consumer.receives_outcomes(jobs).await;
    received.has_one_outcome_each(ids.iter().map(String::as_str));
    let accounts = provider.accounts().await;
    roles.drain().await;
    assert_eq!(accounts.double_paid, 0, "paid twice: {:?}", accounts.tasks_per_job);
    (received, accounts)
}

pub(crate) async fn publish(environment: &Environment, jobs: usize) -> Vec<String> {
    let broker = environment.broker().await;
    let wishes: Vec<Wish> = (0..jobs).map(|n| Wish::video(&format!("fault-{n:03}"))).collect();
    for wish in &wishes {
        let to = Destination::Jobs { routing_key: wish.routing_key() };
        broker.publish(&to, Message::json(&wish.id, wish.body())).await.expect("published");
    }
    wishes.into_iter().map(|wish| wish.id).collect()
}

pub(crate) fn struck(accounts: &Accounts, kind: FaultKind) -> u64 {
    accounts.faults.get(&kind).copied().unwrap_or(0)
}

async fn every_lost_answer_is_found(environment: Environment, form: kling::LookUp) {
    let faults = json!([{"kind": "lost_answer", "rate": 0.2}]);
    let (received, accounts) = run(&environment, Setup::quick().looking_up(form), faults, 60).await;
    assert!(struck(&accounts, FaultKind::LostAnswer) > 0);
    assert_eq!(received.count(EventKind::Succeeded), 60);
    assert_eq!(accounts.accepted, 60);
    let asked = if form == kling::LookUp::List { accounts.lists } else { accounts.look_ups };
    assert!(asked > 0, "nobody looked");
}

on_each_backend!(lost_answers_are_found_by_path, lost_answers_without_look_up_are_parked);

async fn lost_answers_are_found_by_path(environment: Environment) {
    Box::pin(every_lost_answer_is_found(environment, kling::LookUp::Path)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_are_found_by_query() {
    Box::pin(every_lost_answer_is_found(Environment::on(Backend::Embedded), kling::LookUp::Query))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_are_found_in_the_list() {
    Box::pin(every_lost_answer_is_found(Environment::on(Backend::Embedded), kling::LookUp::List))
        .await;
}

/// It cannot be known whether those tasks exist, so nothing is submitted again, although the
/// provider would accept it.
async fn lost_answers_without_look_up_are_parked(environment: Environment) {
    let faults = json!([{"kind": "lost_answer", "rate": 0.2}]);
    let settings = json!({"faults": faults, "external_ids": "ignored"});
    let (received, accounts) = run_with(&environment, Setup::quick(), settings, 60).await;
    let lost = struck(&accounts, FaultKind::LostAnswer);
    assert!(lost > 0);
    assert_eq!(received.count(EventKind::Parked) as u64, lost);
    assert_eq!(received.count(EventKind::Succeeded) as u64, 60 - lost);
    assert_eq!((accounts.submissions, accounts.accepted), (60, 60));
}

/// Ten ways to lose a response, with and without a task that was created.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_became_of_the_answer_each_job_is_paid_once() {
    let kinds = [
        ("error_500_created", FaultKind::Error500Created),
        ("error_500_not_created", FaultKind::Error500NotCreated),
        ("error_504_created", FaultKind::Error504Created),
        ("error_504_not_created", FaultKind::Error504NotCreated),
        ("html", FaultKind::Html),
        ("html_created", FaultKind::HtmlCreated),
        ("no_task_id", FaultKind::NoTaskId),
        ("reset_before", FaultKind::ResetBefore),
        ("lost_answer", FaultKind::LostAnswer),
        ("created_late", FaultKind::CreatedLate),
    ];
    // So rare that most occur alone: several in a row would pause the lane for long.
    let fault = |(word, _)| json!({"kind": word, "rate": 0.02, "first_n": 1, "value": 700});
    let faults: Vec<Value> = kinds.iter().copied().map(fault).collect();
    let environment = Environment::on(Backend::Rabbitmq);
    let setup = Setup::quick().looking_up(kling::LookUp::Path);
    let (received, accounts) = run(&environment, setup, faults.into(), 120).await;
    for (word, kind) in kinds {
        assert!(struck(&accounts, kind) > 0, "{word} never struck: {:?}", accounts.faults);
    }
    assert_eq!(received.count(EventKind::Succeeded), 120);
    assert_eq!(accounts.accepted, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_provider_costs_time_and_no_attempt() {
    let environment = Environment::on(Backend::Rabbitmq);
    let faults = json!([{"kind": "busy", "rate": 0.35}]);
    let (received, accounts) = run(&environment, Setup::quick(), faults, 30).await;
    assert!(struck(&accounts, FaultKind::Busy) > 3, "{:?}", accounts.faults);
    assert_eq!(received.count(EventKind::Succeeded), 30);
    charges_one_attempt(&environment, &received).await;
}

pub(crate) async fn charges_one_attempt(environment: &Environment, received: &Received) {
    for event in &received.0 {
        let key = key(&event.subject);
        let stored =
            environment.ledger().await.load(&key).await.expect("a ledger").expect("a record");
        assert_eq!(stored.record.attempt, 1, "{key} was charged for a provider's trouble");
    }
}

pub(crate) fn key(id: &str) -> JobKey {
    JobKey::new(Tenant::default(), JobId::new(id).expect("an id"))
}

/// The account has no balance: one refusal is enough, not forty.
#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_account_is_paused_everywhere_and_resumed() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({"faults": [{"kind": "account_blocked"}]})).await;
    let mut setup = Setup::quick();
    (setup.worker.account_rest, setup.worker.in_progress) = (REST, IN_HAND);
    let consumer = Consumer::subscribed(&environment).await;
    // All are published at once: the worker takes many before the first response arrives.
    let ids = publish(&environment, 40).await;
    let roles = setup.start(&environment, &provider).await;

    let ledger = environment.ledger().await;
    let (mut probes, mut last) = (0, Timestamp::EPOCH);
    until("the account was probed three times", async || {
        let Some(pause) = ledger.paused("default").await.expect("a ledger") else { return false };
        assert!(pause.reason.contains("balance"), "{}", pause.reason);
        if pause.since.since(last) > REST / 2 {
            (probes, last) = (probes + 1, pause.since);
        }
        let submissions = provider.accounts().await.submissions;
        // The jobs in progress at the first refusal, then one job after each pause.
        let most = (IN_HAND + probes) as u64;
        assert!(submissions <= most, "{submissions} POSTs, {probes} rests");
        probes == 4
    })
    .await;
    provider.change(json!({})).await;
    let received = consumer.receives_outcomes(40).await;
    received.has_one_outcome_each(ids.iter().map(String::as_str));
    assert_eq!(received.count(EventKind::Succeeded), 40);
    roles.drain().await;
}

const IN_HAND: usize = 4;
const REST: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_prompt_ends_failed_for_moderation() {
    let error = outcome_under(json!([{"kind": "fail_moderation"}]), EventKind::Failed).await;
    assert_eq!(error["kind"], "moderation");
    assert_eq!(error["message"], "Failure to pass the risk control system");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_generation_ends_failed_and_is_not_paid_again() {
    let error = outcome_under(json!([{"kind": "fail_generation"}]), EventKind::Failed).await;
    assert_eq!(error["kind"], "generation");
}

#[tokio::test(flavor = "multi_thread")]
async fn success_without_a_file_ends_failed() {
    let error = outcome_under(json!([{"kind": "succeed_without_url"}]), EventKind::Failed).await;
    assert_eq!(error["kind"], "no_output");
}

/// The common outcome of eight jobs, each submitted once.
async fn outcome_under(faults: Value, kind: EventKind) -> Value {
    let environment = Environment::on(Backend::Embedded);
    let (received, accounts) = run(&environment, Setup::quick(), faults, 8).await;
    assert_eq!(received.count(kind), 8, "{:?}", received.0);
    assert_eq!((accounts.submissions, accounts.accepted), (8, 8));
    let event = serde_json::to_value(&received.0[0]).expect("JSON");
    event["data"]["error"].clone()
}

/// A query without a usable response ends no job.
#[tokio::test(flavor = "multi_thread")]
async fn bad_looks_only_delay_the_outcome() {
    let environment = Environment::on(Backend::Embedded);
    let faults = json!([
        {"kind": "not_found_after_create", "value": 3, "rate": 0.5},
        {"kind": "status_backwards", "rate": 0.5},
        {"kind": "query_error_500", "rate": 0.1},
        {"kind": "query_lost_answer", "rate": 0.1},
        {"kind": "query_html", "rate": 0.1},
        {"kind": "query_delay_ms", "rate": 0.1, "value": 300},
    ]);
    let (received, accounts) = run(&environment, Setup::quick(), faults, 40).await;
    for kind in [
        FaultKind::NotFoundAfterCreate,
        FaultKind::StatusBackwards,
        FaultKind::QueryError500,
        FaultKind::QueryLostAnswer,
        FaultKind::QueryHtml,
        FaultKind::QueryDelayMs,
    ] {
        assert!(struck(&accounts, kind) > 0, "{kind:?} never struck: {:?}", accounts.faults);
    }
    assert_eq!(received.count(EventKind::Succeeded), 40);
    assert_eq!(accounts.submissions, 40);
}

/// A permanent refusal is announced with the provider's message.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_rejected_and_not_tried_again() {
    let environment = Environment::on(Backend::Embedded);
    let provider = Provider::here(json!({})).await;
    let roles = Setup::quick().start(&environment, &provider).await;
    let consumer = Consumer::subscribed(&environment).await;
    let mut wish = Wish::video("refused");
    // An invalid model that validation cannot detect.
    wish.request["model_name"] = "kling-v99".into();
    let to = Destination::Jobs { routing_key: wish.routing_key() };
    let message = Message::json(&wish.id, wish.body());
    environment.broker().await.publish(&to, message).await.expect("published");
    let event = consumer.receives("refused").await;
    assert_eq!(event.kind(), Some(EventKind::Rejected));
    let error = event.data.error.expect("an error");
    assert!(error.message.contains("kling-v99"), "{error:?}");
    assert_eq!(error.code, Some(1201.into()));
    let accounts = provider.accounts().await;
    assert_eq!((accounts.submissions, accounts.accepted), (1, 0));
    roles.drain().await;
}
