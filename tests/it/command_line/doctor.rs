//! `doctor`: checks everything and pays for nothing.

use serde_json::{Value, json};
use servers::Authority;

use crate::harness::{Backend, Environment, Provider, Python, until};

on_each_backend!(all_is_well, a_provider_that_refuses_or_is_unreachable_is_reported);

fn check<'a>(rows: &'a [Value], name: &str) -> &'a Value {
    rows.iter().find(|row| row["check"] == name).unwrap_or_else(|| panic!("no check {name}"))
}

/// The check declares nothing. The embedded backend has nothing to declare.
async fn prepare(environment: &Environment) {
    drop(environment.program().run(&["topology", "apply"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_and_not_made() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({"api_keys": ["test-key"]})).await;
    let program = environment.program_for(&provider);
    for _ in 0..2 {
        let rows = program.run(&["doctor", "--json"]).await.exits(78).lines();
        let broker = check(&rows, "broker");
        assert_eq!(broker["ok"], false, "{rows:?}");
        let detail = broker["detail"].to_string();
        assert!(detail.contains("reelwork topology apply"), "{detail}");
        assert!(detail.contains(&format!("queue {}.dead", environment.namespace)), "{detail}");
    }
    let things = program.run(&["topology", "show", "--json"]).await.exits(1).lines();
    assert!(things.iter().all(|thing| thing["found"] == "missing"), "{things:?}");
}

async fn all_is_well(environment: Environment) {
    let provider = Provider::here(json!({"api_keys": ["test-key"]})).await;
    prepare(&environment).await;
    let rows = environment.program_for(&provider).run(&["doctor", "--json"]).await.exits(0).lines();
    for name in ["broker", "ledger", "provider", "look_up"] {
        assert_eq!(check(&rows, name)["ok"], true, "{rows:?}");
    }
    assert_eq!(provider.accounts().await.submissions, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_is_no_risk() {
    let environment = Environment::on(Backend::Rabbitmq);
    let provider = Provider::here(json!({})).await;
    prepare(&environment).await;
    let rows = environment.program_for(&provider).run(&["doctor", "--json"]).await.exits(0).lines();
    let quorum = check(&rows, "quorum");
    assert_eq!(quorum["ok"], true, "{rows:?}");
    assert_eq!(quorum["detail"], "a majority of the broker's nodes answers", "{rows:?}");
}

/// Each of them accepts connections and sends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_hangs_it_ends_in_time() {
    let environment = Environment::on(Backend::Rabbitmq);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = silent.local_addr().expect("an address");
    let mut program = environment.program();
    program.set("kling.api_key", "test-key");
    program.set("kling.base_url", &format!("http://{at}"));
    program.set("ledger.url", &format!("redis://{at}"));
    program.set("broker.url", &format!("amqp://guest:guest@{at},{at}"));
    // It may be built first.
    program.run(&["config", "check"]).await.exits(0);
    let since = std::time::Instant::now();
    let rows = program.run(&["doctor", "--json"]).await.exits(69).lines();
    assert!(since.elapsed() < std::time::Duration::from_secs(15), "{:?}", since.elapsed());
    for name in ["broker", "quorum", "ledger", "provider", "look_up"] {
        assert_eq!(check(&rows, name)["ok"], false, "{rows:?}");
    }
}

async fn a_provider_that_refuses_or_is_unreachable_is_reported(environment: Environment) {
    let provider = Provider::here(json!({"api_keys": ["another-key"]})).await;
    prepare(&environment).await;
    let mut program = environment.program_for(&provider);
    let refused = program.run(&["doctor", "--json"]).await.exits(78);
    assert_eq!(check(&refused.lines(), "provider")["ok"], false);
    assert_eq!(check(&refused.lines(), "ledger")["ok"], true);
    assert!(!refused.stdout.contains("test-key"), "{}", refused.stdout);
    drop(provider);
    program.set("kling.base_url", "http://127.0.0.1:1");
    let away = program.run(&["doctor", "--json"]).await.exits(69).lines();
    assert_eq!(check(&away, "provider")["ok"], false);
    program.unset("kling.api_key");
    let keyless = program.run(&["doctor", "--json"]).await.exits(78).lines();
    assert!(check(&keyless, "provider")["detail"].to_string().contains("kling.api_key"));
}

/// For example, a gateway inside a company with a private certificate authority.
#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_is_taken_from_a_file() {
    let environment = Environment::on(Backend::Embedded);
    let authority = Authority::new().expect("an authority");
    let server = authority.sign("server", "DNS:localhost", 2).expect("a certificate");
    let [authority, cert, key] =
        [authority.certificate(), server.cert, server.key].map(|path| path.display().to_string());
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("python/tls_provider.py");
    let server = Python::play(&environment, &script, &[&cert, &key], "");
    until("it listens", async || server.stdout().ends_with('\n')).await;
    let mut program = environment.program();
    program.set("kling.api_key", "test-key");
    program.set("kling.base_url", &format!("https://localhost:{}", server.stdout().trim()));
    let unknown = program.run(&["doctor", "--json"]).await.exits(69).lines();
    assert!(
        check(&unknown, "provider")["detail"].to_string().contains("kling.ca_file"),
        "{unknown:?}"
    );
    let mut beside = environment.program();
    beside.set("kling.api_key", "test-key");
    beside.set("kling.base_url", &format!("https://localhost:{}", server.stdout().trim()));
    // Of the same name.
    let other = Authority::new().expect("an authority");
    beside.set("kling.ca_file", &other.certificate().display().to_string());
    let unknown = beside.run(&["doctor", "--json"]).await.exits(69).stdout;
    assert!(unknown.contains("in kling.ca_file"), "{unknown}");
    beside.set("kling.ca_file", &authority);
    program.env("SSL_CERT_FILE", &authority);
    for program in [&program, &beside] {
        let known = program.run(&["doctor", "--json"]).await.exits(0).lines();
        assert_eq!(check(&known, "provider")["ok"], true);
    }
    beside.set("kling.ca_file", &key);
    for command in [&["doctor", "--json"][..], &["config", "check", "--json"]] {
        let refused = beside.run(command).await.exits(78).stdout;
        assert!(refused.contains("has no PEM block CERTIFICATE in it"), "{refused}");
        assert!(refused.contains("kling.ca_file"), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_is_tried_on_a_task_that_the_ledger_knows() {
    let environment = Environment::on(Backend::Embedded);
    for (looks, words) in [(true, "by path finds"), (false, "no look-up that can be believed")] {
        let look_up = json!({"path": looks, "query": looks, "list": looks});
        let provider = Provider::here(json!({"look_up": look_up})).await;
        let program = environment.program_for(&provider);
        let up = program.start_role("up", "up").await;
        let submit = ["submit", "videos/text2video", "--prompt", "x", "--wait"];
        program.run(&submit).await.exits(0);
        drop(up);
        let rows = program.run(&["doctor", "--json"]).await.exits(0).lines();
        let detail = check(&rows, "look_up")["detail"].to_string();
        assert!(detail.contains(words), "{detail}");
    }
}
