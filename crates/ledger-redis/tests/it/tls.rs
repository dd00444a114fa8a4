//! TLS with private authorities and client certificates, and what is wrong with them, in one line.

use std::path::{Path, PathBuf};

use crate::fixture::server::server;
use crate::fixture::{created, member, settings, until};
use ledger_redis::{RedisLedger, Settings};
use ports::{LedgerError, Permits};
use secrecy::ExposeSecret;
use servers::redis::{Cluster, Server};
use servers::{Authority, Programs, Signed, free_port};
use tempfile::TempDir;
use tls::Files;

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
        (server, trusting(Some(self.authority.certificate()), &settings(&url)))
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

/// With this authority, or with the system's alone.
fn trusting(ca_file: Option<PathBuf>, settings: &Settings) -> Settings {
    Settings { tls: Files { ca_file, ..settings.tls.clone() }, ..settings.clone() }
}

/// Shows this certificate to the server.
fn client(certificate: Signed, settings: &Settings) -> Settings {
    let Signed { cert, key } = certificate;
    let ca_file = settings.tls.ca_file.clone();
    let tls = Files { ca_file, client_cert_file: Some(cert), client_key_file: Some(key) };
    Settings { tls, ..settings.clone() }
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
    let advice = "name the authority's certificate in ledger.ca_file";
    denied(trusting(None, &settings), &[advice]).await;
    // Of the same name.
    let other = Authority::new().unwrap();
    denied(trusting(Some(other.certificate()), &settings), &[advice]).await;
    // A file may hold several.
    let both = bench
        .file("both.pem", &(text(&other.certificate()) + &text(&bench.authority.certificate())));
    works(trusting(Some(both), &settings)).await;
}

#[tokio::test]
async fn a_certificate_for_another_name_or_time_is_refused() {
    let bench = Bench::new();
    let (_one, settings) = bench.server(&bench.signed("n", "DNS:redis.example", 2), "no").await;
    denied(settings, &["is not for 127.0.0.1, but for redis.example"]).await;
    let (_two, settings) = bench.server(&bench.signed("e", HOST, -1), "no").await;
    let expired = refused(settings, &["certificate has expired"]).await;
    assert!(matches!(expired, LedgerError::Unavailable(_)), "the server may get a new one");
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks_for_one() {
    let bench = Bench::new();
    let (_server, settings) = bench.server(&bench.signed("s", HOST, 2), "yes").await;
    denied(settings.clone(), &["wants a client certificate", "ledger.client_cert_file"]).await;
    works(client(bench.signed("c", "DNS:client", 2), &settings)).await;
    let strange = Authority::new().unwrap();
    let stranger = strange.sign("x", "DNS:client", 2).unwrap();
    denied(client(stranger, &settings), &["our client certificate (signed by no authority"]).await;
    let expired = bench.signed("o", "DNS:client", -1);
    denied(client(expired, &settings), &["our client certificate (it has expired)"]).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_at_the_start() {
    let bench = Bench::new();
    let Signed { cert, key } = bench.signed("c", "DNS:client", 2);
    let other = bench.signed("d", "DNS:client", 2).key;
    let away = settings("rediss://127.0.0.1:1");
    denied(trusting(Some(key.clone()), &away), &["ledger.ca_file: ", "c2.key", "CERTIFICATE"])
        .await;
    let mixed = Signed { cert: cert.clone(), key: other };
    denied(client(mixed, &away), &["ledger.client_key_file: ", "is not the key of"]).await;
    let plain = client(Signed { cert, key }, &settings("redis://127.0.0.1:1"));
    denied(plain, &["TLS files", "without TLS"]).await;
}

/// The server gets another authority, and trusts only that one from then on.
#[tokio::test]
async fn renewed_files_are_used_for_the_next_connection() {
    let (bench, renewed) = (Bench::new(), Bench::new());
    let old = bench.signed("s", HOST, 2);
    let (mut server, settings) = bench.server(&old, "yes").await;
    let ca = bench.file("trusted.pem", &text(&bench.authority.certificate()));
    let shown = bench.signed("c", "DNS:client", 2);
    let ours = client(shown.clone(), &trusting(Some(ca.clone()), &settings));
    let ledger = RedisLedger::connect(ours).await.unwrap();
    renewed.signed("s", HOST, 2).replaces(&old).unwrap();
    std::fs::copy(renewed.authority.certificate(), bench.authority.certificate()).unwrap();
    server.restart().await.unwrap();
    until("the new authority is refused", async || {
        let refused = ledger.usage("default:videos").await.map_err(|error| error.to_string());
        refused.is_err_and(|text| text.contains("ledger.ca_file"))
    })
    .await;
    renewed.signed("c", "DNS:client", 2).replaces(&shown).unwrap();
    std::fs::copy(renewed.authority.certificate(), ca).unwrap();
    until("it connects", async || ledger.usage("default:videos").await.is_ok()).await;
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
    let reached = trusting(Some(bench.authority.certificate()), &settings(&cluster.tls_url()));
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
    denied(trusting(None, &reached), &["certificate"]).await;
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
