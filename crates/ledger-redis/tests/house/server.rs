use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use uuid::Uuid;

use super::until;

/// A Redis server of this test alone, ended with it.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    pub(crate) directory: PathBuf,
    arguments: Vec<String>,
}

impl Server {
    /// Starts with these words of configuration, each `name value`.
    pub(crate) async fn start(settings: &[&str]) -> Self {
        Self::start_in(new_directory(), settings).await
    }

    pub(crate) async fn start_in(directory: PathBuf, settings: &[&str]) -> Self {
        let port = free_port();
        let mut arguments = vec![
            "--bind 127.0.0.1".to_owned(),
            "--save \"\"".to_owned(),
            format!("--port {port}"),
            format!("--dir {}", directory.display()),
            "--logfile server.log".to_owned(),
        ];
        arguments.extend(settings.iter().map(|setting| format!("--{setting}")));
        let child = spawn(&arguments);
        let server = Self { child, port, directory, arguments };
        server.listening().await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, with the files it left.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(&self.arguments);
        self.listening().await;
    }

    /// `STOP` freezes it, `CONT` lets it go on.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let done = Command::new("kill").args(["-s", name, &id]).status();
        assert!(done.unwrap().success());
    }

    /// One command on a connection of its own.
    pub(crate) async fn tell(&self, words: &[&str]) -> redis::Value {
        let client = redis::Client::open(self.url()).unwrap();
        let mut redis = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query_async(&mut redis).await.unwrap()
    }

    async fn listening(&self) {
        let address = ("127.0.0.1", self.port);
        until("the private Redis to listen", async || {
            tokio::net::TcpStream::connect(address).await.is_ok()
        })
        .await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed by the test already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn spawn(arguments: &[String]) -> Child {
    // Arguments on the command line are joined as lines of a configuration file.
    let words = arguments.iter().flat_map(|setting| setting.split(' '));
    Command::new("redis-server")
        .args(words.map(|word| if word == "\"\"" { "" } else { word }))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

pub(crate) fn new_directory() -> PathBuf {
    let directory = std::env::temp_dir().join(format!("ledger-redis-{}", Uuid::new_v4()));
    fs::create_dir(&directory).unwrap();
    directory
}

/// Below the ports that the system gives to outgoing connections.
pub(crate) fn free_port() -> u16 {
    let start = Uuid::new_v4().as_u128() % 11_000;
    (0..11_000)
        .map(|n| 20_000 + ((start + n) % 11_000) as u16)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

/// A certificate for 127.0.0.1 that is its own authority, and its key.
pub(crate) fn certificate(directory: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (directory.join("cert.pem"), directory.join("key.pem"));
    let status = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(status.unwrap().success());
    (certificate, key)
}

/// Longer than a busy machine holds up a healthy call.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);
