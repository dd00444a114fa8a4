//! The health pages of a role.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{
    Backend, Environment, Process, Program, Provider, Wish, free_port, lines, until,
};

/// A worker with an admin port, and its pages.
pub(crate) struct Watched {
    pub(crate) program: Program,
    address: String,
}

impl Watched {
    pub(crate) fn of(mut program: Program) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        program.set("admin.listen", &address);
        Self { program, address }
    }

    pub(crate) async fn page(&self, path: &str) -> (u16, String) {
        let answer =
            reqwest::get(format!("http://{}{path}", self.address)).await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// Waits until readiness has this status, with this line.
    pub(crate) async fn is(&self, status: u16, line: &str) {
        let what = format!("{status} with {line}");
        until(&what, async || {
            let (told, text) = self.page("/readyz?verbose").await;
            told == status && text.contains(line)
        })
        .await;
        assert_eq!(self.page("/livez").await, (200, "ok\n".to_owned()), "a restart would not help");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_reports_what_it_waits_for() {
    let mut environment = Environment::with_own_redis().await;
    let refuses = json!({"faults": [{"kind": "account_blocked", "rate": 1.0}]});
    let provider = Provider::here(refuses).await;
    let worker = Watched::of(environment.program_for(&provider));
    let _worker = worker.program.start_role("worker", "worker").await;
    let well = "[+]broker ok\n[+]ledger ok\n[+]journal ok\n[+]account ok\n[+]serving ok\n";
    worker.is(200, well).await;
    let told = worker.program.run(&["health", "--ready"]).await.exits(0);
    assert_eq!(told.stdout, well);

    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("one")]));
    worker.program.run(&["submit", "--file", &file]).await.exits(0);
    worker.is(503, "[-]account paused until ").await;
    let told = worker.program.run(&["health", "--ready", "--json"]).await.exits(1).json();
    assert_eq!(told["ok"], false);

    environment.redis().kill();
    worker.is(503, "[-]ledger ").await;
    environment.redis().restart().await;
    worker.is(503, "[+]ledger ok\n[+]journal ok\n[-]account paused until ").await;
}

/// While a draining worker waits for a POST, it is alive and not ready.
#[tokio::test(flavor = "multi_thread")]
async fn a_draining_worker_is_alive_and_not_ready() {
    let environment = Environment::on(Backend::Rabbitmq);
    let slow = json!({"faults": [{"kind": "delay_ms", "rate": 1.0, "value": 5_000}]});
    let provider = Provider::here(slow).await;
    let worker = Watched::of(environment.program_for(&provider));
    let mut process: Process = worker.program.start_role("worker", "worker").await;
    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("one")]));
    worker.program.run(&["submit", "--file", &file]).await.exits(0);
    until("the POST is under way", async || provider.tasks_of("one").await == 1).await;
    process.terminate();
    worker.is(503, "[-]serving it drains").await;
    worker.program.run(&["health"]).await.exits(0);
    assert_eq!(process.ended(Duration::from_secs(20)).await, Some(0));
    let gone = worker.program.run(&["health"]).await.exits(69);
    assert!(gone.stderr.contains(&worker.address), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_without_an_admin_port_names_the_key_to_set() {
    let environment = Environment::on(Backend::Embedded);
    let told = environment.program().run(&["health"]).await;
    assert_ne!(told.code, 0);
    assert!(told.stderr.contains("REELWORK_ADMIN__LISTEN"), "{told:?}");
    let shown: Vec<Value> =
        environment.program().run(&["config", "show", "--json"]).await.exits(0).lines();
    assert!(!shown.is_empty());
}

/// If the provider refuses the key for queries, the poller pauses the account for all processes.
#[tokio::test(flavor = "multi_thread")]
async fn a_poller_reports_that_its_key_is_refused() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({"life_ms": 600_000})).await;
    let mut worker = environment.program_for(&provider).start_role("worker", "worker").await;
    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("one")]));
    environment.program().run(&["submit", "--file", &file]).await.exits(0);
    until("the task is there", async || provider.tasks_of("one").await == 1).await;
    worker.stop().await;
    let mut program = environment.program_for(&provider);
    program.set("kling.base_url", &refusing().await);
    let poller = Watched::of(program);
    let process = poller.program.start_role("poller", "poller").await;
    poller.is(503, "[-]account paused until ").await;
    process.says("the account is paused for all").await;
    let page = poller.page("/metrics").await.1;
    assert!(page.contains("reelwork_account_paused{account=\"default\"} 1"), "{page}");
    let why = poller.program.run(&["why", "one"]).await.exits(0);
    assert!(why.stdout.contains("the account is paused: "), "{why:?}");
}

async fn refusing() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let refuse = || async {
        let status = axum::http::StatusCode::UNAUTHORIZED;
        (status, axum::Json(json!({"code": 1002, "message": "the key is not known"})))
    };
    let router = axum::Router::new().fallback(refuse);
    tokio::spawn(std::future::IntoFuture::into_future(axum::serve(listener, router)));
    format!("http://{address}")
}

/// Paused lanes and slots held by doubts are listed, and the process stays ready.
#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_jobs_waiting_is_reported_and_needs_no_restart() {
    let environment = Environment::on(Backend::Rabbitmq);
    let lost = json!({"faults": [{"kind": "error_500_created"}]});
    let provider = Provider::here(lost).await;
    let mut program = environment.program_for(&provider);
    program.set("kling.look_up", "none");
    program.set("limits.videos", "1");
    let watched = Watched::of(program);
    let _up = watched.program.start_role("up", "up").await;
    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("one")]));
    watched.program.run(&["submit", "--file", &file]).await.exits(0);
    watched.is(200, "[!]slots 1 slot of pool default:videos is held by a doubt\n").await;
    watched.is(200, "[!]lanes videos ").await;
    assert!(watched.page("/readyz").await.1.starts_with("ok\n[!]"));
    let doubt = watched.program.run(&["why", "one"]).await.exits(0);
    assert!(doubt.stdout.contains("it holds 1 slot of pool default:videos"), "{doubt:?}");
    let file = environment.file("more.jsonl", &lines(&[Wish::video("two")]));
    watched.program.run(&["submit", "--file", &file]).await.exits(0);
    until("a waiting job tells what it waits for", async || {
        let told = watched.program.run(&["why", "two"]).await;
        let told = format!("{}{}", told.stdout, told.stderr);
        told.contains("1 slot of pool default:videos is held by a doubt")
            && told.contains("lane videos rests until ")
    })
    .await;
    let doctor = watched.program.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("held by a doubt"), "{doctor:?}");
    let page = watched.page("/metrics").await.1;
    for line in
        ["reelwork_slots_in_doubt{pool=\"default:videos\"} 1", "reelwork_broker_unanswered_total 0"]
    {
        assert!(page.contains(line), "{page}");
    }
}

/// With a full disk, no role can work, but records can still be read.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_reported_and_records_can_be_read() {
    let environment = Environment::on(Backend::Embedded);
    let provider = Provider::here(json!({})).await;
    let watched = Watched::of(environment.program_for(&provider));
    let mut process = watched.program.start_stubborn("up").await;
    let file = environment.file("jobs.jsonl", &lines(&[Wish::video("one")]));
    watched.program.run(&["submit", "--wait", "--file", &file]).await.exits(0);
    process.limit_files("0");
    watched.is(503, "[-]ledger ").await;
    for command in [["get", "one"].as_slice(), &["why", "one"], &["list"]] {
        let told = watched.program.run_without_room(command).await.exits(0);
        assert!(told.stdout.contains("one  succeeded") || told.stdout.contains("now: succeeded"));
    }
    process.limit_files("unlimited");
    watched.is(200, "[+]ledger ok\n").await;
    process.stop().await;
    let told = watched.program.run_without_room(&["get", "one", "--json"]).await.exits(0);
    assert_eq!(told.json()["state"], "succeeded", "also when nobody has it open");
    let submitted = watched.program.run_without_room(&["submit", "--file", &file]).await;
    assert_ne!(submitted.code, 0, "{submitted:?}");
}

/// The image's health check sends this request to whatever `admin.listen` names.
#[tokio::test(flavor = "multi_thread")]
async fn the_simulated_provider_answers_the_health_check() {
    let environment = Environment::on(Backend::Embedded);
    let provider = Provider::here(json!({})).await;
    let mut program = environment.program();
    program.set("admin.listen", provider.url.trim_start_matches("http://"));
    assert_eq!(program.run(&["health"]).await.exits(0).stdout, "ok\n");
}
