//! TLS with private authorities and client certificates, and what is wrong with them, in one line.

use std::path::{Path, PathBuf};

use crate::fixture::server::server;
use crate::fixture::{created, member, settings};
use ledger_redis::{RedisLedger, Settings};
use ports::LedgerError;
use secrecy::ExposeSecret;
use servers::redis::{Cluster, Server};
use servers::{Authority, Programs, Signed, free_port};
use tempfile::TempDir;

const HOST: &str = "IP:127.0.0.1";

struct Bench {
    directory: TempDir,
    authority: Authority,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, authority: Authority::new().unwrap() }
    }

    fn signed(&self, name: &str, alternative: &str, days: i32) -> Signed {
        self.authority.sign(name, alternative, days).unwrap()
    }

    /// A server with this certificate, and the settings to reach it.
    async fn server(&self, certificate: &Signed, clients: &str) -> (Server, Settings) {
        let port = free_port();
        let lines = self.lines(certificate, clients, port);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let server = server(&lines).await;
        let url = format!("rediss://127.0.0.1:{port}");
        (server, Settings { ca_file: Some(self.authority.certificate()), ..settings(&url) })
    }

    fn lines(&self, certificate: &Signed, clients: &str, port: u16) -> Vec<String> {
        vec![
            format!("tls-port {port}"),
            format!("tls-cert-file {}", certificate.cert.display()),
            format!("tls-key-file {}", certificate.key.display()),
            format!("tls-ca-cert-file {}", self.authority.certificate().display()),
            format!("tls-auth-clients {clients}"),
        ]
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

/// Shows this certificate to the server.
fn client(certificate: Signed, settings: &Settings) -> Settings {
    Settings {
        client_cert_file: Some(certificate.cert),
        client_key_file: Some(certificate.key),
        ..settings.clone()
    }
}

async fn works(settings: Settings) {
    member(&RedisLedger::connect(settings).await.unwrap(), 1).await;
}

/// What only a change of configuration repairs.
async fn denied(settings: Settings, words: &[&str]) {
    let error = refused(settings, words).await;
    assert!(matches!(error, LedgerError::Denied(_)), "{error:?}");
}

async fn refused(settings: Settings, words: &[&str]) -> LedgerError {
    let error = RedisLedger::connect(settings).await.map(drop).unwrap_err();
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains('\n') && !text.contains("Error"), "{text}");
    error
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn a_private_authority_is_trusted_beside_the_systems() {
    let bench = Bench::new();
    let (_server, settings) = bench.server(&bench.signed("s", HOST, 2), "no").await;
    works(settings.clone()).await;
    denied(Settings { ca_file: None, ..settings.clone() }, &["unknown authority", "ca_file"]).await;
    // Of the same name.
    let other = Authority::new().unwrap();
    let stranger = Settings { ca_file: Some(other.certificate()), ..settings.clone() };
    denied(stranger, &["unknown authority"]).await;
    // A file may hold several.
    let both = bench
        .file("both.pem", &(text(&other.certificate()) + &text(&bench.authority.certificate())));
    works(Settings { ca_file: Some(both), ..settings }).await;
}

#[tokio::test]
async fn a_certificate_for_another_name_or_time_is_refused() {
    let bench = Bench::new();
    let (_one, settings) = bench.server(&bench.signed("n", "DNS:redis.example", 2), "no").await;
    denied(settings, &["not for", "127.0.0.1", "redis.example"]).await;
    let (_two, settings) = bench.server(&bench.signed("e", HOST, -1), "no").await;
    let expired = refused(settings, &["certificate has expired"]).await;
    assert!(matches!(expired, LedgerError::Unavailable(_)), "the server may get a new one");
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks_for_one() {
    let bench = Bench::new();
    let (_server, settings) = bench.server(&bench.signed("s", HOST, 2), "yes").await;
    denied(settings.clone(), &["needs a client certificate", "client_cert_file"]).await;
    works(client(bench.signed("c", "DNS:client", 2), &settings)).await;
    let strange = Authority::new().unwrap();
    let stranger = strange.sign("x", "DNS:client", 2).unwrap();
    denied(client(stranger, &settings), &["refuses the client certificate"]).await;
    let expired = bench.signed("o", "DNS:client", -1);
    denied(client(expired, &settings), &["refuses the client"]).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let bench = Bench::new();
    let Signed { cert: file, key } = bench.signed("c", "DNS:client", 2);
    let other_key = bench.signed("d", "DNS:client", 2).key;
    let directory = bench.directory.path().to_owned();
    let (missing, empty, odd) =
        (directory.join("missing"), bench.file("empty", ""), bench.file("odd", "hello"));
    let broken =
        bench.file("broken", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    let tls = settings("rediss://127.0.0.1:1");
    let with = |ca: Option<&PathBuf>, file: Option<&PathBuf>, key: Option<&PathBuf>| Settings {
        ca_file: ca.cloned(),
        client_cert_file: file.cloned(),
        client_key_file: key.cloned(),
        ..tls.clone()
    };
    for (settings, words) in [
        (with(Some(&missing), None, None), ["CA file", "cannot be read: No such file"]),
        (with(Some(&directory), None, None), ["CA file", "cannot be read"]),
        (with(Some(&empty), None, None), ["empty", "no certificate"]),
        (with(Some(&odd), None, None), ["odd", "no certificate"]),
        (with(Some(&key), None, None), ["c2.key", "no certificate"]),
        (with(Some(&broken), None, None), ["broken", "no valid PEM"]),
        (with(None, Some(&file), None), ["both", "key"]),
        (with(None, Some(&missing), Some(&key)), ["client certificate file", "cannot be read"]),
        (with(None, Some(&file), Some(&missing)), ["client key file", "cannot be read"]),
        (with(None, Some(&file), Some(&empty)), ["client key file", "no private key"]),
        (with(None, Some(&file), Some(&file)), ["client key file", "no private key"]),
        (with(None, Some(&file), Some(&other_key)), ["client key file", "does not belong"]),
        (
            Settings { url: "redis://127.0.0.1:1".into(), ..with(Some(&file), None, None) },
            ["TLS files", "without TLS"],
        ),
    ] {
        denied(settings, &words).await;
    }
}

#[tokio::test]
async fn a_cluster_is_reached_with_tls_alone() {
    let bench = Bench::new();
    let certificate = bench.signed("s", HOST, 2);
    let secured = || {
        let only = ["tls-cluster yes", "tls-replication yes"].map(str::to_owned);
        only.into_iter().chain(bench.lines(&certificate, "yes", free_port())).collect()
    };
    let cluster = Cluster::start_with(&Programs::selected(), 3, secured).await.unwrap();
    let reached =
        Settings { ca_file: Some(bench.authority.certificate()), ..settings(&cluster.tls_url()) };
    works(client(bench.signed("c", "DNS:client", 2), &reached)).await;
}

const CHILD_URL: &str = "REELWORK_TEST_TLS_URL";

/// Runs itself again, because trusted authorities are read when a process starts.
#[tokio::test]
async fn an_authority_that_the_system_trusts_needs_no_setting() {
    if let Ok(url) = std::env::var(CHILD_URL) {
        let ledger = RedisLedger::connect(settings(&url)).await.unwrap();
        created(&ledger, &member(&ledger, 1).await, "a").await;
        return;
    }
    let bench = Bench::new();
    let (_server, reached) = bench.server(&bench.signed("s", HOST, 2), "no").await;
    denied(Settings { ca_file: None, ..reached.clone() }, &["certificate"]).await;
    let name = "tls::an_authority_that_the_system_trusts_needs_no_setting";
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD_URL, reached.url.expose_secret())
        .env("SSL_CERT_FILE", bench.authority.certificate())
        .output();
    let output = child.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}
