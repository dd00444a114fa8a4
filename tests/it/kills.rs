//! A worker and a poller are killed while they work, and are not restarted.

use std::collections::BTreeSet;

use job::{EventKind, StateKind};
use ports::{Ledger, ListFilter};
use serde_json::json;

use crate::five_processes::{Company, provider_settings};
use crate::harness::{Backend, Consumer, Environment, Program, Received, mixed, say, until};

const JOBS: usize = 400;

/// Some responses are so late that many POSTs are between sending and record when the first tasks
/// have already ended.
const LATE_ANSWER_MS: u64 = 4_000;

async fn survive(
    environment: &Environment,
    external_ids: &str,
    adjust: impl FnOnce(&mut Program),
) -> (Company, Received) {
    let mut settings = provider_settings();
    settings["external_ids"] = external_ids.into();
    // Tasks must still run after the kills, also on a slow machine.
    settings["speed"] = json!(45.0);
    settings["faults"] = json!([{"kind": "delay_ms", "rate": 0.3, "value": LATE_ANSWER_MS}]);
    let patient = |program: &mut Program| {
        program.set("kling.timeout", "8s");
        adjust(program);
    };
    let mut company = Company::start(environment, &settings, patient).await;
    let consumer = Consumer::plain(environment).await;
    let session = company.provider.selection_session().await;
    let jobs = mixed("kill", JOBS, &session);
    company.submit(environment, &jobs).await;

    // Some have ended, so that the poller has work; many are between POST and record.
    let ledger = environment.ledger().await;
    until("at least 50 jobs are in flight, 20 of them without a record of it", async || {
        let submitting = submitting(&*ledger).await;
        let accounts = company.provider.accounts().await;
        submitting >= 20 && accounts.unfinished >= 50 && accounts.succeeded >= 20
    })
    .await;
    company.workers[0].kill().await;
    company.pollers[0].kill().await;
    let accounts = company.provider.accounts().await;
    assert!(accounts.unfinished >= 50, "killed too late: {} in flight", accounts.unfinished);

    let received = consumer.receives_outcomes(JOBS).await;
    received.has_one_outcome_each(jobs.iter().map(|job| job.id.as_str()));
    assert!(company.workers[1].is_running() && company.pollers[1].is_running());
    say(format!(
        "killed with {} in flight: {} succeeded, {} parked, {} events received twice",
        accounts.unfinished,
        received.count(EventKind::Succeeded),
        received.count(EventKind::Parked),
        received.repeats()
    ));
    (company, received)
}

async fn submitting(ledger: &dyn Ledger) -> usize {
    let filter = ListFilter::of_states(&[StateKind::Submitting], JOBS);
    ledger.list(&filter).await.expect("the ledger").len()
}

/// No job was paid twice, and no limit was exceeded.
async fn paid_once(company: &Company) -> simulator::Accounts {
    let accounts = company.provider.accounts().await;
    assert_eq!(accounts.double_paid, 0, "{:?}", accounts.tasks_per_job);
    assert_eq!(accounts.limit_violations.concurrency, 0);
    assert_eq!(accounts.unmarked, 0);
    accounts
}

/// The provider has no look-up by external id and accepts a repeat as a new task. Jobs between POST
/// and record are parked.
#[tokio::test(flavor = "multi_thread")]
async fn without_look_up_the_jobs_caught_between_post_and_record_are_parked() {
    let environment = Environment::on(Backend::Rabbitmq);
    let (company, received) =
        survive(&environment, "ignored", |program| program.set("kling.look_up", "none")).await;
    let accounts = paid_once(&company).await;
    let (succeeded, parked) =
        (received.count(EventKind::Succeeded), received.count(EventKind::Parked));
    assert_eq!(succeeded + parked, JOBS);
    assert!(parked > 0, "no job was caught: the window was missed");
    assert!(accounts.accepted as usize >= succeeded);
    assert_eq!(accounts.look_ups, 0);
    let done =
        company.program.run(&["list", "--json", "--state", "parked", "--limit", "500"]).await;
    assert_eq!(done.exits(0).lines().len(), parked);
}

/// The provider has a look-up: every job between POST and record is found, or proven not to exist
/// and submitted again.
#[tokio::test(flavor = "multi_thread")]
async fn with_look_up_every_job_succeeds() {
    let environment = Environment::on(Backend::Rabbitmq);
    let trusting = |program: &mut Program| {
        program.set("kling.look_up", "path");
        program.set("kling.trust_denials", "true");
    };
    let (company, received) = survive(&environment, "enforced", trusting).await;
    let accounts = paid_once(&company).await;
    assert_eq!(received.count(EventKind::Succeeded), JOBS);
    assert_eq!(accounts.accepted, JOBS as u64);
    assert!(accounts.look_ups > 0, "no job was caught: the window was missed");
    let markers: BTreeSet<_> = accounts.tasks.iter().flatten().map(|task| &task.marker).collect();
    assert_eq!(markers.len(), JOBS);
}
