//! The ledger loses its data during a run. This must be detected, and the ledger rebuilt from the
//! journal.

use std::time::{Duration, Instant};

use job::{EventKind, StateKind};
use kling::Route;
use ports::ListFilter;
use serde_json::{Map, Value, json};

use crate::five_processes::{Company, provider_settings};
use crate::harness::{
    Consumer, Environment, Program, Received, Wish, mixed, say, until, until_within,
};

/// Enough slots for 500 tasks in flight.
const SLOTS: [(&str, u32); 3] = [("videos", 450), ("images", 200), ("audio", 200)];

/// For the set-up, whose length proves nothing.
const PATIENCE: Duration = Duration::from_secs(150);

const FIRST: usize = 800;
const LATER: usize = 400;

struct Fixture {
    environment: Environment,
    company: Company,
    consumer: Consumer,
    jobs: Vec<Wish>,
    /// For tasks from the loss on.
    quicker: Value,
}

impl Fixture {
    /// The first tasks take about 40 s, so that many are in flight at the same time, also on a slow
    /// machine. Some responses are so late that some POSTs are always between sending and record.
    async fn set(adjust: impl FnOnce(&mut Program)) -> Self {
        let environment = Environment::with_own_redis().await;
        let mut settings = provider_settings();
        let life = json!({"median_s": 160.0, "sigma": 0.2});
        let lives = Route::ALL.iter().map(|route| (route.path().to_owned(), life.clone()));
        settings["lives"] = lives.collect::<Map<_, _>>().into();
        settings["speed"] = json!(4.0);
        settings["concurrency"] =
            json!({"videos": SLOTS[0].1, "images": SLOTS[1].1, "audio": SLOTS[2].1});
        settings["faults"] = json!([{"kind": "delay_ms", "rate": 0.2, "value": 1_500}]);
        settings["external_ids"] = "enforced".into();
        let roomy = |program: &mut Program| {
            program.set("kling.timeout", "3s");
            for (pool, slots) in SLOTS {
                program.set(&format!("limits.{pool}"), &slots.to_string());
            }
            adjust(program);
        };
        let company = Company::start(&environment, &settings, roomy).await;
        let consumer = Consumer::plain(&environment).await;
        let session = company.provider.selection_session().await;
        let jobs = mixed("forget", FIRST + LATER, &session);
        company.submit(&environment, &jobs[..FIRST]).await;
        settings["speed"] = json!(20.0);
        Self { environment, company, consumer, jobs, quicker: settings }
    }

    async fn until_in_flight(&self, tasks: u64) {
        until_within(PATIENCE, &format!("{tasks} tasks are in flight"), async || {
            self.company.provider.accounts().await.unfinished >= tasks
        })
        .await;
    }

    /// Every later POST takes 1.5 s, so that many are under way at the same time on any machine.
    fn answer_late(&mut self) {
        self.quicker["faults"] = json!([{"kind": "delay_ms", "rate": 1.0, "value": 1_500}]);
    }

    async fn until_some_are_being_submitted(&self, jobs: usize) {
        let filter = ListFilter::of_states(&[StateKind::Submitting], jobs);
        let ledger = self.environment.ledger().await;
        until(&format!("{jobs} jobs are being submitted"), async || {
            ledger.list(&filter).await.is_ok_and(|found| found.len() >= jobs)
        })
        .await;
    }

    async fn submit_the_rest(&self) {
        self.company.provider.change(self.quicker.clone()).await;
        self.company.submit(&self.environment, &self.jobs[FIRST..]).await;
    }

    /// Every job ends, none is lost or paid twice, and no limit was exceeded.
    async fn ends_well(&self, since: Instant) -> Received {
        let received = self.consumer.receives_outcomes(self.jobs.len()).await;
        received.has_one_outcome_each(self.jobs.iter().map(|job| job.id.as_str()));
        let accounts = self.company.provider.accounts().await;
        say(format!(
            "{} jobs ended {:.1} s after the loss: {} succeeded, {} parked; {} paid, {} paid twice, \
             {} over a limit, {} look-ups; {} events received twice",
            self.jobs.len(),
            since.elapsed().as_secs_f64(),
            received.count(EventKind::Succeeded),
            received.count(EventKind::Parked),
            accounts.accepted,
            accounts.double_paid,
            accounts.limit_violations.concurrency,
            accounts.look_ups,
            received.repeats()
        ));
        assert_eq!(accounts.double_paid, 0, "{:?}", accounts.tasks_per_job);
        assert_eq!(accounts.limit_violations.concurrency, 0);
        assert_eq!(received.count(EventKind::Succeeded), self.jobs.len());
        assert_eq!(accounts.accepted, self.jobs.len() as u64);
        received
    }
}

/// The program itself finds out whether look-ups are reliable.
fn with_look_up(_defaults: &mut Program) {}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_ledger_is_rebuilt_while_jobs_arrive() {
    let mut fixture = Fixture::set(with_look_up).await;
    fixture.until_in_flight(500).await;
    fixture.environment.redis().flush();
    let since = Instant::now();
    fixture.submit_the_rest().await;
    fixture.ends_well(since).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_ledger_is_rebuilt_though_a_worker_died_between_post_and_record() {
    let mut fixture = Fixture::set(with_look_up).await;
    fixture.until_in_flight(500).await;
    fixture.answer_late();
    fixture.submit_the_rest().await;
    fixture.until_some_are_being_submitted(10).await;
    fixture.company.workers[0].kill().await;
    fixture.environment.redis().flush();
    fixture.ends_well(Instant::now()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_set_back_to_an_old_snapshot_learns_what_it_missed() {
    let mut fixture = Fixture::set(with_look_up).await;
    fixture.until_in_flight(200).await;
    let snapshot = fixture.environment.redis().snapshot();
    fixture.until_in_flight(500).await;
    fixture.environment.redis().restore(&snapshot).await;
    let since = Instant::now();
    fixture.submit_the_rest().await;
    fixture.ends_well(since).await;
}

/// Nothing was lost: work continues as soon as the journal has been compared.
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_only_restarted_goes_on_within_seconds() {
    let mut fixture = Fixture::set(with_look_up).await;
    fixture.until_in_flight(300).await;
    fixture.environment.redis().restart().await;
    let since = Instant::now();
    let before = fixture.company.provider.accounts().await.accepted;
    // The first jobs may all have been submitted by now. Of the others, sounds have free slots.
    fixture.submit_the_rest().await;
    until("a job is submitted again", async || {
        fixture.company.provider.accounts().await.accepted > before + 5
    })
    .await;
    let resumed = since.elapsed();
    say(format!("submitting again {:.1} s after the restart", resumed.as_secs_f64()));
    assert!(resumed < Duration::from_secs(15), "{resumed:?}");
    fixture.ends_well(since).await;
}
