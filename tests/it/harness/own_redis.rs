//! A private Redis of one test, which can be emptied, killed and restored.

use std::path::{Path, PathBuf};

use servers::redis::Server;

pub(crate) struct OwnRedis(Server);

impl OwnRedis {
    /// Every write is on disk before the response.
    pub(crate) async fn start() -> Self {
        let settings = ["appendfsync always", "appendonly yes"];
        Self(Server::start(&settings).await.expect("Redis"))
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    /// Deletes all data, as after a failover to an empty replica.
    pub(crate) fn flush(&self) {
        self.tell(&["FLUSHALL"]);
    }

    /// Bytes of memory that its data needs.
    pub(crate) fn memory(&self) -> u64 {
        let info = self.0.ask(&["INFO", "memory"]).expect("Redis");
        info.field("used_memory").parse().expect("a number")
    }

    /// Kills it without warning, and starts it again with its files.
    pub(crate) async fn restart(&mut self) {
        self.0.restart().await.expect("Redis");
    }

    /// A copy of the data that is on disk now.
    pub(crate) fn snapshot(&self) -> PathBuf {
        self.tell(&["SAVE"]);
        let copy = self.0.directory().join("copy.rdb");
        std::fs::copy(self.0.directory().join("dump.rdb"), &copy).expect("a snapshot");
        copy
    }

    /// Starts it again from the snapshot; later writes are lost.
    pub(crate) async fn restore(&mut self, snapshot: &Path) {
        self.0.kill();
        let files = self.0.directory().join("appendonlydir");
        std::fs::remove_dir_all(files).expect("the append-only files");
        std::fs::copy(snapshot, self.0.directory().join("dump.rdb")).expect("the snapshot");
        // A server that begins with an append-only file would not read the snapshot.
        self.0.restart_with("appendonly no").await.expect("Redis");
        self.tell(&["CONFIG", "SET", "appendonly", "yes"]);
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill();
    }

    fn tell(&self, words: &[&str]) {
        assert_eq!(self.0.ask(words).expect("Redis").text(), "OK", "{words:?}");
    }
}
