//! A private Redis of one test, which can be emptied, killed and restored.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::until;

pub(crate) struct OwnRedis {
    child: Child,
    port: u16,
    directory: TempDir,
}

impl OwnRedis {
    /// Every write is on disk before the response.
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let mut redis = Self { child: spawn(port, directory.path()), port, directory };
        redis.answers().await;
        redis
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Deletes all data, as after a failover to an empty replica.
    pub(crate) fn flush(&self) {
        self.tell(&["FLUSHALL"]);
    }

    /// Kills it without warning, and starts it again with its files.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.port, self.directory.path());
        self.answers().await;
    }

    /// A copy of the data that is on disk now.
    pub(crate) fn snapshot(&self) -> PathBuf {
        self.tell(&["SAVE"]);
        let copy = self.directory.path().join("copy.rdb");
        std::fs::copy(self.directory.path().join("dump.rdb"), &copy).expect("a snapshot");
        copy
    }

    /// Starts it again from the snapshot; later writes are lost.
    pub(crate) async fn restore(&mut self, snapshot: &Path) {
        self.kill();
        let files = self.directory.path().join("appendonlydir");
        std::fs::remove_dir_all(files).expect("the append-only files");
        std::fs::copy(snapshot, self.directory.path().join("dump.rdb")).expect("the snapshot");
        // A server that begins with an append-only file would not read the snapshot.
        self.child = spawn_with(self.port, self.directory.path(), "no");
        self.answers().await;
        self.tell(&["CONFIG", "SET", "appendonly", "yes"]);
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("its end");
    }

    fn tell(&self, words: &[&str]) {
        let port = self.port.to_string();
        let output = Command::new("redis-cli").args(["-e", "-p", &port]).args(words).output();
        let output = output.expect("redis-cli");
        assert!(output.status.success(), "{words:?}: {output:?}");
    }

    async fn answers(&mut self) {
        let port = self.port.to_string();
        until("the private Redis answers", async || {
            let ping = Command::new("redis-cli").args(["-p", &port, "PING"]).output();
            ping.is_ok_and(|output| output.stdout == b"PONG\n")
        })
        .await;
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        // It may have been killed by the test already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16, directory: &Path) -> Child {
    spawn_with(port, directory, "yes")
}

fn spawn_with(port: u16, directory: &Path, append_only: &str) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendfsync", "always"])
        .args(["--appendonly", append_only, "--port", &port.to_string(), "--dir"])
        .arg(directory)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server")
}

/// Below the ports for outgoing connections, so that none of them takes the port while the server
/// is down.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 11_000;
    let start = u16::try_from(uuid::Uuid::new_v4().as_u128() % u128::from(COUNT)).unwrap_or(0);
    (0..COUNT)
        .map(|step| FIRST + (start + step) % COUNT)
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
