//! Lost responses: the task exists and is paid for, but its id is not known. The result depends on
//! which look-ups the provider allows, and never on a guess.

use job::{CloudEvent, EventKind, State};
use serde_json::{Value, json};
use simulator::{Accounts, FaultKind};

use crate::faults::{key, publish, struck};
use crate::harness::{Backend, Consumer, Environment, Provider, Received, Setup, say};

/// How a task with an unknown id can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    LookUp,
    /// A look-up whose reliability the program finds out itself.
    TriedLookUp,
    /// Callbacks, with ids that can be queried.
    Callbacks,
    /// Callbacks, with ids that the provider then denies.
    Denied,
    LookUpAndCallbacks,
    Neither,
}

/// What the provider does with external ids.
const EXTERNAL_IDS: [&str; 3] = ["enforced", "ignored", "dropped"];

const LOST: f64 = 0.05;

struct Cell {
    received: Received,
    accounts: Accounts,
    /// Why each parked job was parked.
    reasons: Vec<String>,
}

async fn cell(backend: Backend, way: Way, external_ids: &str, jobs: usize) -> Cell {
    let environment = Environment::on(backend);
    let provider = Provider::here(settings(way, external_ids)).await;
    let roles = setup(way).start(&environment, &provider).await;
    let consumer = Consumer::subscribed(&environment).await;
    let ids = publish(&environment, jobs).await;
    let received = consumer.receives_outcomes(jobs).await;
    received.has_one_outcome_each(ids.iter().map(String::as_str));
    let accounts = provider.accounts().await;
    let mut reasons = Vec::new();
    for event in parked(&received) {
        let stored = environment.ledger().await.load(&key(&event.subject)).await.expect("a ledger");
        match stored.expect("a record").record.state {
            State::Parked { why, .. } => reasons.push(why),
            other => panic!("{} is {}", event.subject, other.word()),
        }
    }
    roles.drain().await;
    let lost = struck(&accounts, FaultKind::LostAnswer);
    say(format!(
        "{backend:?} {way:?} {external_ids}: {jobs} jobs, {lost} answers lost, {} succeeded, {} \
         parked, {} paid, {} paid twice",
        received.count(EventKind::Succeeded),
        received.count(EventKind::Parked),
        accounts.accepted,
        accounts.double_paid
    ));
    assert!(lost > 0, "no answer was lost");
    assert_eq!(accounts.double_paid, 0, "paid twice: {:?}", accounts.tasks_per_job);
    assert_eq!(accounts.accepted, jobs as u64, "not sent at all? {reasons:?}");
    Cell { received, accounts, reasons }
}

fn settings(way: Way, external_ids: &str) -> Value {
    let looks = matches!(way, Way::LookUp | Way::TriedLookUp | Way::LookUpAndCallbacks);
    json!({
        "faults": [{"kind": "lost_answer", "rate": LOST}],
        "external_ids": external_ids,
        "look_up": {"path": looks, "query": looks, "list": looks},
        "callbacks": {"enabled": way != Way::Neither, "wrong_id": way == Way::Denied},
    })
}

fn setup(way: Way) -> Setup {
    let setup = Setup::quick();
    let setup = match way {
        Way::LookUp | Way::LookUpAndCallbacks => setup.looking_up(kling::LookUp::Path),
        Way::TriedLookUp => setup.finding_out(),
        _ => setup,
    };
    match way {
        Way::Callbacks | Way::Denied | Way::LookUpAndCallbacks => setup.called_back(),
        Way::LookUp | Way::TriedLookUp | Way::Neither => setup,
    }
}

fn parked(received: &Received) -> impl Iterator<Item = &CloudEvent> {
    received.0.iter().filter(|event| event.kind() == Some(EventKind::Parked))
}

impl Cell {
    fn all_succeeded(&self, jobs: usize) {
        assert_eq!(self.received.count(EventKind::Succeeded), jobs);
    }

    /// Requires that exactly the jobs with a lost response are parked, each with this text.
    fn parked_with(&self, jobs: usize, words: &str) {
        let lost = struck(&self.accounts, FaultKind::LostAnswer) as usize;
        assert_eq!(self.received.count(EventKind::Parked), lost);
        assert_eq!(self.received.count(EventKind::Succeeded), jobs - lost);
        assert_eq!(self.accounts.submissions, jobs as u64, "none was sent again");
        for why in &self.reasons {
            assert!(why.contains(words), "{why}");
        }
    }
}

/// A provider that drops external ids denies every look-up. It also denies tasks that are known to
/// exist, so its denials are not believed, although the configuration trusts them.
async fn with_look_up(backend: Backend, jobs: usize) {
    for external_ids in ["enforced", "ignored"] {
        cell(backend, Way::LookUp, external_ids, jobs).await.all_succeeded(jobs);
    }
    let dropped = cell(backend, Way::LookUp, "dropped", jobs).await;
    dropped.parked_with(jobs, "also denies a task which exists");
}

/// As by default. A provider that drops external ids is detected before its denials do harm.
async fn with_a_tried_look_up(backend: Backend, jobs: usize) {
    for external_ids in ["enforced", "ignored"] {
        cell(backend, Way::TriedLookUp, external_ids, jobs).await.all_succeeded(jobs);
    }
    let dropped = cell(backend, Way::TriedLookUp, "dropped", jobs).await;
    dropped.parked_with(jobs, "no look-up both finds a task");
}

async fn with_look_up_and_callbacks(backend: Backend, jobs: usize) {
    for external_ids in EXTERNAL_IDS {
        cell(backend, Way::LookUpAndCallbacks, external_ids, jobs).await.all_succeeded(jobs);
    }
}

async fn with_callbacks(backend: Backend, jobs: usize) {
    for external_ids in EXTERNAL_IDS {
        let cell = cell(backend, Way::Callbacks, external_ids, jobs).await;
        cell.all_succeeded(jobs);
        // No task is looked up. After an unclear response, one query tests whether the provider
        // answers.
        assert!(cell.accounts.look_ups <= struck(&cell.accounts, FaultKind::LostAnswer));
        assert_eq!(cell.accounts.lists, 0);
    }
}

async fn with_callbacks_that_lead_nowhere(backend: Backend, jobs: usize) {
    for external_ids in EXTERNAL_IDS {
        let cell = cell(backend, Way::Denied, external_ids, jobs).await;
        cell.parked_with(jobs, "the provider denies it");
    }
}

async fn with_neither(backend: Backend, jobs: usize) {
    for external_ids in EXTERNAL_IDS {
        let cell = cell(backend, Way::Neither, external_ids, jobs).await;
        cell.parked_with(jobs, "no look-up by external id is configured");
    }
}

macro_rules! columns {
    ($($name:ident),+ $(,)?) => {
        mod on_embedded {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(crate::harness::Backend::Embedded, 200).await;
                }
            )+
        }
        mod on_rabbitmq {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(crate::harness::Backend::Rabbitmq, 60).await;
                }
            )+
        }
    };
}

columns!(
    with_look_up,
    with_a_tried_look_up,
    with_look_up_and_callbacks,
    with_callbacks,
    with_callbacks_that_lead_nowhere,
    with_neither,
);

/// A forger who knows an address claims success for a task that fails, and for one in doubt.
#[tokio::test(flavor = "multi_thread")]
async fn forged_callbacks_change_nothing() {
    const JOBS: usize = 100;
    let environment = Environment::on(Backend::Embedded);
    let provider = Provider::here(json!({
        "faults": [
            {"kind": "lost_answer", "rate": 0.1},
            {"kind": "fail_generation", "rate": 0.5},
        ],
        "callbacks": {"enabled": true, "forged_rate": 1.0, "duplicate": true},
    }))
    .await;
    let roles = Setup::quick().called_back().start(&environment, &provider).await;
    let consumer = Consumer::subscribed(&environment).await;
    let ids = publish(&environment, JOBS).await;
    let received = consumer.receives_outcomes(JOBS).await;
    received.has_one_outcome_each(ids.iter().map(String::as_str));
    let accounts = provider.accounts().await;
    roles.drain().await;
    assert!(accounts.callbacks.forged > 0 && struck(&accounts, FaultKind::LostAnswer) > 0);
    let failed = struck(&accounts, FaultKind::FailGeneration) as usize;
    assert_eq!(received.count(EventKind::Failed), failed);
    assert_eq!(received.count(EventKind::Succeeded), JOBS - failed);
    let urls = received.0.iter().flat_map(|event| &event.data.outputs).map(|output| &output.url);
    assert!(urls.into_iter().all(|url| !url.contains("forged")));
}

/// Callbacks come long after the doubt was given up: the parked job is opened again and settled.
#[tokio::test(flavor = "multi_thread")]
async fn a_callback_after_the_parking_settles_the_job() {
    // While no response has been understood, one job at a time is sent.
    const JOBS: usize = 3;
    let environment = Environment::on(Backend::Embedded);
    let provider = Provider::here(json!({
        "faults": [{"kind": "lost_answer"}],
        // A job that waited is parked later: its intent is journaled first.
        "callbacks": {"enabled": true, "late_ms": 8_000},
    }))
    .await;
    let roles = Setup::quick().called_back().start(&environment, &provider).await;
    let consumer = Consumer::subscribed(&environment).await;
    publish(&environment, JOBS).await;
    crate::harness::until("all succeed after all", async || {
        consumer.received().count(EventKind::Succeeded) == JOBS
    })
    .await;
    assert_eq!(consumer.received().count(EventKind::Parked), JOBS, "each was parked before");
    let accounts = provider.accounts().await;
    assert_eq!((accounts.accepted, accounts.double_paid), (JOBS as u64, 0));
    roles.drain().await;
}
