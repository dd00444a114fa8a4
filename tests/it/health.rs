//! What a role tells those who watch over it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Backend, House, Process, Program, Provider, Wish, free_port, lines, until};

/// A worker whose admin port is open, and that port's answers.
struct Watched {
    program: Program,
    address: String,
}

impl Watched {
    fn of(mut program: Program) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        program.set("admin.listen", &address);
        Self { program, address }
    }

    async fn page(&self, path: &str) -> (u16, String) {
        let answer =
            reqwest::get(format!("http://{}{path}", self.address)).await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// Waits until it is as ready as this.
    async fn is(&self, status: u16, line: &str) {
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
async fn a_worker_tells_what_it_waits_for() {
    let mut house = House::with_own_redis().await;
    let refuses = json!({"faults": [{"kind": "account_blocked", "rate": 1.0}]});
    let provider = Provider::here(refuses).await;
    let worker = Watched::of(house.program_for(&provider));
    let _worker = worker.program.start_role("worker", "worker").await;
    let well = "[+]broker ok\n[+]ledger ok\n[+]journal ok\n[+]account ok\n[+]serving ok\n";
    worker.is(200, well).await;
    let told = worker.program.run(&["health", "--ready"]).await.exits(0);
    assert_eq!(told.stdout, well);

    let file = house.file("jobs.jsonl", &lines(&[Wish::video("one")]));
    worker.program.run(&["submit", "--file", &file]).await.exits(0);
    worker.is(503, "[-]account paused until ").await;
    let told = worker.program.run(&["health", "--ready", "--json"]).await.exits(1).json();
    assert_eq!(told["ok"], false);

    house.redis().kill();
    worker.is(503, "[-]ledger ").await;
    house.redis().restart().await;
    worker.is(503, "[+]ledger ok\n[+]journal ok\n[-]account paused until ").await;
}

/// A POST under way is waited for: meanwhile the process is alive and not ready.
#[tokio::test(flavor = "multi_thread")]
async fn a_draining_worker_is_alive_and_not_ready() {
    let house = House::on(Backend::Rabbitmq);
    let slow = json!({"faults": [{"kind": "delay_ms", "rate": 1.0, "value": 5_000}]});
    let provider = Provider::here(slow).await;
    let worker = Watched::of(house.program_for(&provider));
    let mut process: Process = worker.program.start_role("worker", "worker").await;
    let file = house.file("jobs.jsonl", &lines(&[Wish::video("one")]));
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
async fn health_without_an_admin_port_says_what_to_set() {
    let house = House::on(Backend::Embedded);
    let told = house.program().run(&["health"]).await;
    assert_ne!(told.code, 0);
    assert!(told.stderr.contains("REELWORK_ADMIN__LISTEN"), "{told:?}");
    let shown: Vec<Value> =
        house.program().run(&["config", "show", "--json"]).await.exits(0).lines();
    assert!(!shown.is_empty());
}
