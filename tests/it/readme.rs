//! Every command in the documents exists in the program or in xtask.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use job::Lane;
use serde_json::{Value, json};

use crate::harness::{
    Backend, Environment, Process, Program, Provider, Wish, free_port, lines, until,
};

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace")
}

/// The exit code for a broker, a ledger or a provider that does not answer.
const UNAVAILABLE: i32 = 69;

const PAPERS: [&str; 3] = ["README.md", "CONTRIBUTING.md", "deploy/README.md"];

/// The lines of all fenced blocks marked `sh`.
fn commands() -> Vec<String> {
    PAPERS.into_iter().flat_map(commands_of).collect()
}

fn commands_of(paper: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(paper)).expect(paper);
    let blocks = text.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
    assert!(lines.len() > 2, "{paper} shows commands: {lines:?}");
    lines
}

/// Words of a shell line; quotes hold words together.
pub(crate) fn words(line: &str) -> Vec<String> {
    let (mut words, mut quote) = (vec![String::new()], None);
    for c in line.chars() {
        let word = words.last_mut().expect("a word");
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => words.push(String::new()),
            (c, _) => word.push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_papers_is_known() {
    let environment = Environment::on(Backend::Embedded);
    let program = environment.program();
    for line in commands() {
        let words = words(&line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let arguments = match words.as_slice() {
            ["reelwork", arguments @ ..] => arguments,
            ["cargo", "run", "--release", "--", arguments @ ..] => arguments,
            // Sent by the test that does what the documents show.
            ["curl", ..] => continue,
            ["cargo", "xtask", task, ..] => {
                assert!(xtask_knows(task), "xtask does not know {task}");
                continue;
            }
            ["export", setting] => {
                let (variable, value) = setting.split_once('=').expect("NAME=VALUE");
                let key = variable.strip_prefix("REELWORK_").expect("a variable of ours");
                let mut program = environment.program();
                // Both addresses are set together, or none.
                program.set("broker.url", "amqp://guest:guest@127.0.0.1:5672");
                program.set("ledger.url", "redis://127.0.0.1:6379");
                program.set(&key.replace("__", "."), value);
                program.run(&["config", "check"]).await.exits(0);
                continue;
            }
            _ => panic!("a paper shows a command that nobody checks: {line}"),
        };
        // All arguments are parsed before `--help` prints, so a wrong one still exits with 2.
        let known = program.run(&[arguments, &["--help"]].concat()).await;
        assert_eq!(known.code, 0, "{line}: {}", known.stderr);
    }
}

/// Runs the commands in the order of the documents: first on one SQLite file, then, once addresses
/// are exported, on RabbitMQ and Redis. Roles keep running until then. Commands of cargo are left
/// to CI.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_papers_show_can_be_done() {
    let (laptop, fleet) = (Environment::on(Backend::Embedded), Environment::on(Backend::Rabbitmq));
    let provider = Provider::here(json!({})).await;
    let mut player = Player::of(laptop.program());
    player.program.set("kling.base_url", &provider.url);
    for line in commands_of("README.md") {
        if line.starts_with("export REELWORK_BROKER__URL=") {
            player = Player::of(fleet.program_for(&provider));
            fleet.file("jobs.jsonl", &lines(&[Wish::video("one"), Wish::video("two")]));
        }
        if line == "reelwork up" {
            // The same pace as the simulated provider that it uses.
            player.program.set("poll.pace", "0.01");
        }
        player.play(&line).await;
    }
    player.play(&order("order-42")).await;
    for line in commands_of("deploy/README.md") {
        player.play(&line).await;
    }
}

fn order(id: &str) -> String {
    format!("reelwork submit videos/text2video --prompt 'A cat [job:{id}]' --key {id} --wait")
}

struct Player {
    program: Program,
    roles: Vec<Process>,
    /// In place of the documented address, which another program may have.
    gateway: String,
}

impl Player {
    fn of(mut program: Program) -> Self {
        let gateway = format!("127.0.0.1:{}", free_port());
        program.set("gateway.listen", &gateway);
        Self { program, roles: Vec::new(), gateway }
    }

    /// As curl does: a POST if there are data.
    async fn curl(&self, words: &[&str]) {
        let url = words[0].replace("127.0.0.1:8081", &self.gateway);
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let (mut headers, mut data) = (Vec::new(), None);
        for option in words[1..].chunks(2) {
            match option {
                ["-H", header] => headers.push(header.split_once(": ").expect("a header")),
                ["-d", body] => data = Some((*body).to_owned()),
                other => panic!("an option that nobody checks: {other:?}"),
            }
        }
        let request = match data {
            Some(body) => http.post(&url).body(body),
            None => http.get(&url),
        };
        let request =
            headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let body = answer.text().await.expect("a body");
        let is_kling = !url.contains("/api/v1/");
        let is_good =
            |body: &str| serde_json::from_str::<Value>(body).is_ok_and(|body| body["code"] == 0);
        assert!(status.is_success() && (!is_kling || is_good(&body)), "{url}: {status} {body}");
    }

    async fn play(&mut self, line: &str) {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["export", setting] => {
                let (variable, value) = setting.split_once('=').expect("NAME=VALUE");
                self.program.env(variable, value);
            }
            ["cargo", ..] => {}
            ["curl", arguments @ ..] => self.curl(arguments).await,
            ["reelwork", role @ ("up" | "worker" | "poller" | "gateway"), ..] => {
                if *role == "up" {
                    self.roles.clear();
                }
                let role = self.program.start(words[1], &words[1..]);
                role.says("ready:").await;
                self.roles.push(role);
            }
            // On a busy machine it gives up after eleven seconds, and an operator asks again.
            ["reelwork", "doctor", ..] => {
                let mut last = None;
                until("everything answers the doctor", async || {
                    let ran = last.insert(self.program.run(&words[1..]).await);
                    ran.code != UNAVAILABLE
                })
                .await;
                last.expect("it ran").exits(0);
            }
            // Without `--idle` it would never end.
            ["reelwork", "events", ..] => {
                self.program.run(&[&words[1..], &["--idle", "300ms"]].concat()).await.exits(0);
            }
            _ => {
                self.program.run(&words[1..]).await.exits(0);
            }
        }
    }
}

/// Files are as in the documents, but in a directory of the test.
#[tokio::test(flavor = "multi_thread")]
async fn the_configurations_that_the_papers_show_are_taken() {
    let environment = Environment::on(Backend::Embedded);
    let directory = environment.directory().display().to_string();
    for key in ["kling_second", "kling_acme"] {
        environment.file(key, "a-key\n");
    }
    let mut count = 0;
    for paper in PAPERS {
        let text = std::fs::read_to_string(root().join(paper)).expect(paper);
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            let file = environment.file("a.toml", &block.replace("/run/secrets", &directory));
            let program = environment.program();
            program.run(&["config", "check", "--config", &file]).await.exits(0);
            count += 1;
        }
    }
    assert!(count > 0, "the papers show a configuration");
}

/// Asks xtask for its help; runs no task.
fn xtask_knows(task: &str) -> bool {
    let output = xtask().args(["help", task]).current_dir(root()).output().expect("xtask");
    output.status.success()
}

/// The program that runs these tests, or one that cargo builds, perhaps after other builds.
fn xtask() -> Command {
    if let Some(path) = std::env::var_os("REELWORK_XTASK") {
        return Command::new(path);
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["run", "--quiet", "--package", "xtask", "--"]);
    command
}

/// KEDA only starts workers for lanes in its list.
#[test]
fn every_lane_makes_workers_more() {
    let file = "deploy/kubernetes/components/keda/scale.yaml";
    let text = std::fs::read_to_string(root().join(file)).expect(file);
    let watched: BTreeSet<_> =
        text.lines().filter_map(|line| line.trim().strip_prefix("queueName: ")).collect();
    let queue = |lane: Lane| format!("reelwork.jobs.{}.{}", lane.resource, lane.priority);
    let lanes: BTreeSet<_> = Lane::all().map(queue).collect();
    assert_eq!(watched, lanes.iter().map(String::as_str).collect::<BTreeSet<_>>());
}

/// The program accepts the secrets of the overlay `dev`.
#[tokio::test(flavor = "multi_thread")]
async fn the_secrets_of_the_overlay_for_trying_out_are_taken() {
    let file = "deploy/kubernetes/overlays/dev/kustomization.yaml";
    let text = std::fs::read_to_string(root().join(file)).expect(file);
    let (_, secrets) = text.split_once("secretGenerator:").expect("secrets");
    let environment = Environment::on(Backend::Embedded);
    let mut program = environment.program();
    for (name, key) in [
        ("broker_url", "broker.url"),
        ("ledger_url", "ledger.url"),
        ("kling_api_key", "kling.api_key"),
        ("callback_secrets", "gateway.callback_secrets"),
    ] {
        let start = format!("- {name}=");
        let value = secrets.lines().find_map(|line| line.trim().strip_prefix(&start));
        program.set(key, value.unwrap_or_else(|| panic!("no {name} in {file}")));
    }
    program.run(&["config", "check"]).await.exits(0);
}
