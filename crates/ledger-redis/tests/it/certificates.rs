//! TLS with private authorities and client certificates, and what is wrong with them, in one line.

use std::path::{Path, PathBuf};

use crate::fixture::certificates::Authority;
use crate::fixture::fleet::Cluster;
use crate::fixture::server::{Server, free_port, new_directory};
use crate::fixture::{member, settings};
use ledger_redis::{RedisLedger, Settings};
use ports::LedgerError;

const HOST: &str = "IP:127.0.0.1";

struct Bench {
    directory: PathBuf,
    authority: Authority,
}

impl Bench {
    fn new() -> Self {
        let directory = new_directory();
        let authority = Authority::new(&directory, "authority");
        Self { directory, authority }
    }

    /// A server with this certificate, and the settings to reach it.
    async fn server(&self, files: &(PathBuf, PathBuf), clients: &str) -> (Server, Settings) {
        let port = free_port();
        let lines = self.lines(files, clients, port);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let server = Server::start(&lines).await;
        let url = format!("rediss://127.0.0.1:{port}");
        (server, Settings { ca_file: Some(self.authority.file.clone()), ..settings(&url) })
    }

    fn lines(&self, (file, key): &(PathBuf, PathBuf), clients: &str, port: u16) -> Vec<String> {
        vec![
            format!("tls-port {port}"),
            format!("tls-cert-file {}", file.display()),
            format!("tls-key-file {}", key.display()),
            format!("tls-ca-cert-file {}", self.authority.file.display()),
            format!("tls-auth-clients {clients}"),
        ]
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
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
    let (_server, settings) = bench.server(&bench.authority.issues("s", HOST, 2), "no").await;
    works(settings.clone()).await;
    denied(Settings { ca_file: None, ..settings.clone() }, &["unknown authority", "ca_file"]).await;
    let other = Authority::new(&bench.directory, "other");
    let stranger = Settings { ca_file: Some(other.file.clone()), ..settings.clone() };
    denied(stranger, &["unknown authority"]).await;
    // A file may hold several.
    let both = bench.file("both.pem", &(text(&other.file) + &text(&bench.authority.file)));
    works(Settings { ca_file: Some(both), ..settings }).await;
}

#[tokio::test]
async fn a_certificate_for_another_name_or_time_is_refused() {
    let bench = Bench::new();
    let (_one, settings) =
        bench.server(&bench.authority.issues("n", "DNS:redis.example", 2), "no").await;
    denied(settings, &["not for", "127.0.0.1", "redis.example"]).await;
    let (_two, settings) = bench.server(&bench.authority.issues("e", HOST, -1), "no").await;
    let expired = refused(settings, &["certificate has expired"]).await;
    assert!(matches!(expired, LedgerError::Unavailable(_)), "the server may get a new one");
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks_for_one() {
    let bench = Bench::new();
    let (_server, settings) = bench.server(&bench.authority.issues("s", HOST, 2), "yes").await;
    denied(settings.clone(), &["needs a client certificate", "client_cert_file"]).await;
    let with = |(file, key): (PathBuf, PathBuf)| Settings {
        client_cert_file: Some(file),
        client_key_file: Some(key),
        ..settings.clone()
    };
    works(with(bench.authority.issues("c", "DNS:client", 2))).await;
    let stranger = Authority::new(&bench.directory, "stranger");
    denied(with(stranger.issues("x", "DNS:client", 2)), &["refuses the client certificate"]).await;
    denied(with(bench.authority.issues("o", "DNS:client", -1)), &["refuses the client"]).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let bench = Bench::new();
    let (file, key) = bench.authority.issues("c", "DNS:client", 2);
    let (_, other_key) = bench.authority.issues("d", "DNS:client", 2);
    let (missing, empty, odd) =
        (bench.directory.join("missing"), bench.file("empty", ""), bench.file("odd", "hello"));
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
        (with(Some(&bench.directory), None, None), ["CA file", "cannot be read"]),
        (with(Some(&empty), None, None), ["empty", "no certificate"]),
        (with(Some(&odd), None, None), ["odd", "no certificate"]),
        (with(Some(&key), None, None), ["c.key", "no certificate"]),
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
    let files = bench.authority.issues("s", HOST, 2);
    let cluster = Cluster::start_with_tls(|port| bench.lines(&files, "yes", port)).await;
    let (client, key) = bench.authority.issues("c", "DNS:client", 2);
    works(Settings {
        ca_file: Some(bench.authority.file.clone()),
        client_cert_file: Some(client),
        client_key_file: Some(key),
        ..settings(&cluster.tls_url())
    })
    .await;
}
