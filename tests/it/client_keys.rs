//! Keys of the gateway's clients: made, used and taken back with the program.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Backend, Environment, Program, free_port, until};

const PATH: &str = "/v1/videos/text2video";

/// A gateway's program, on all addresses, with a file of keys.
fn gateway(environment: &Environment) -> (Program, u16, String) {
    let mut program = environment.program();
    let (port, file) = (free_port(), environment.file("keys.toml", ""));
    program.set("gateway.listen", &format!("0.0.0.0:{port}"));
    program.set("gateway.kling_api", "true");
    program.set("gateway.keys_file", &file);
    (program, port, file)
}

async fn made(program: &Program, options: &[&str]) -> Value {
    let ran = program.run(&[&["--json", "keys", "create"], options].concat()).await.exits(0);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

async fn post(port: u16, key: &str, id: &str) -> StatusCode {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let body = json!({"prompt": "a cat", "external_task_id": id});
    let request = http.post(format!("http://127.0.0.1:{port}{PATH}")).bearer_auth(key).json(&body);
    request.send().await.expect("an answer").status()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_used_and_taken_back_on_sqlite() {
    keys_are_made_used_and_taken_back(Backend::Embedded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_used_and_taken_back_on_rabbitmq() {
    keys_are_made_used_and_taken_back(Backend::Rabbitmq).await;
}

async fn keys_are_made_used_and_taken_back(backend: Backend) {
    let environment = Environment::on(backend);
    let (program, port, file) = gateway(&environment);
    let _gateway = program.start_role("gateway", "gateway").await;
    assert_eq!(post(port, "any", "a").await, 401);

    let acme = made(&program, &["--tenant", "acme", "--rate", "2", "--name", "shop"]).await;
    let (id, key) = (acme["id"].as_str().expect("an id"), acme["key"].as_str().expect("a key"));
    assert_eq!(
        (&acme["tenant"], &acme["scopes"]),
        (&json!("acme"), &json!(["submit", "read", "cancel"]))
    );
    until("the new key is read", async || post(port, key, "a").await == 200).await;
    assert_eq!(post(port, key, "b").await, 200);
    assert_eq!(post(port, key, "c").await, 429, "two a minute");
    assert_eq!(post(port, key, "a").await, 200, "it is accepted already");

    let text = std::fs::read_to_string(&file).expect("the file");
    let (_, secret) = key.rsplit_once('_').expect("a secret");
    assert!(text.contains(id) && !text.contains(secret), "{text}");
    let listed = program.run(&["--json", "keys", "list"]).await.exits(0);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("one line");
    assert_eq!(
        (&listed["state"], &listed["rate"], &listed["name"]),
        (&json!("active"), &json!(2), &json!("shop"))
    );

    // What cannot be read changes nothing.
    std::fs::write(&file, "[[key]").expect("the file");
    let other = program.run(&["keys", "create"]).await;
    assert_eq!(other.code, 78, "{}", other.stderr);
    until("the gateway has seen it", async || {
        assert_eq!(post(port, key, "a").await, 200);
        _gateway.stderr().contains("the clients' keys stay as they were")
    })
    .await;
    std::fs::write(&file, text).expect("the file");

    assert_eq!(program.run(&["keys", "revoke", "000000000000"]).await.code, 4);
    let revoked = program.run(&["--json", "keys", "revoke", id]).await.exits(0);
    assert!(revoked.stdout.contains("\"state\":\"revoked\""), "{}", revoked.stdout);
    until("the key is refused", async || post(port, key, "a").await == 401).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_signs_tokens_is_served() {
    let environment = Environment::on(Backend::Embedded);
    let (program, port, file) = gateway(&environment);
    let open = program.run(&["keys", "create", "--pair"]).await;
    assert_eq!(open.code, 78, "everybody may read it: {}", open.stderr);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).expect("its mode");
    let pair = made(&program, &["--pair"]).await;
    let _gateway = program.start_role("gateway", "gateway").await;
    let text = |name: &str| pair[name].as_str().expect("a text").to_owned();
    let token = signed(&text("access_key"), &text("secret_key"));
    assert_eq!(post(port, &token, "a").await, 200);
    let forged = signed(&text("access_key"), "another secret, as long as this");
    assert_eq!(post(port, &forged, "a").await, 401);
}

/// As Kling's document "common information" signs it.
fn signed(access_key: &str, secret: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, Mac};

    let now = std::time::UNIX_EPOCH.elapsed().expect("a time").as_secs();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "HS256", "typ": "JWT"}));
    let claims = part(json!({"iss": access_key, "exp": now + 1800, "nbf": now - 5}));
    let message = format!("{header}.{claims}");
    let mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    let signature = mac.chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_makes_no_sense_is_refused() {
    let environment = Environment::on(Backend::Embedded);
    let (program, _, _) = gateway(&environment);
    for (options, code) in [
        (vec!["--tenant", "a b"], 2),
        (vec!["--rate", "0"], 2),
        (vec!["--budget-per-day", "0"], 2),
        (vec!["--budget-per-day", "much"], 2),
        (vec!["--scope", "pay"], 2),
        (vec!["--until", "2020-01-01T00:00:00Z"], 2),
    ] {
        let ran = program.run(&[&["keys", "create"], options.as_slice()].concat()).await;
        assert_eq!(ran.code, code, "{options:?}: {}", ran.stderr);
    }
    let none = environment.program().run(&["keys", "list"]).await;
    assert_eq!(none.code, 78, "{}", none.stderr);
    assert!(none.stderr.contains("gateway.keys_file is not set"), "{}", none.stderr);
    let listed = program.run(&["keys", "list"]).await.exits(0);
    assert_eq!(listed.stdout, "");
}
