//! A process that ends with the test.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::process::{Child, ChildStdin};

use super::{say, soon, until};

/// Lines of its stderr that a failed test shows.
const LAST_LINES: usize = 40;

const SIGKILL: i32 = 9;

pub(crate) struct Process {
    name: String,
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Process {
    /// Output goes to files, so that no pipe has to be read.
    pub(crate) fn spawn(mut command: Command, name: &str, directory: &Path) -> Self {
        let stdout = directory.join(format!("{name}.out"));
        let stderr = directory.join(format!("{name}.err"));
        let file = |path: &Path| Stdio::from(File::create(path).expect("a file"));
        command.stdout(file(&stdout)).stderr(file(&stderr));
        let child = tokio::process::Command::from(command).kill_on_drop(true).spawn();
        Self { name: name.to_owned(), child: child.expect("a process"), stdout, stderr }
    }

    /// Its stdin, if that was piped; dropping it ends the input.
    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("its stdin")
    }

    pub(crate) fn stdout(&self) -> String {
        std::fs::read_to_string(&self.stdout).unwrap_or_default()
    }

    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// Waits until its stderr contains this.
    pub(crate) async fn says(&self, words: &str) {
        until(&format!("{} says {words:?}", self.name), async || self.stderr().contains(words))
            .await;
    }

    /// Sends SIGKILL; the process has ended when this returns.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("killed");
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("kill").success());
    }

    /// Limits the size of the files that it writes, in bytes. A larger file no longer grows.
    pub(crate) fn limit_files(&self, most: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let done =
            Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={most}:")]).status();
        assert!(done.expect("prlimit").success());
    }

    #[allow(dead_code, reason = "only the chaos run asks for it")]
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// It has ended by SIGKILL.
    pub(crate) fn was_killed(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(status)) if status.signal() == Some(SIGKILL))
    }

    /// Waits until it ends by itself; returns its exit code.
    pub(crate) async fn ended(&mut self, within: Duration) -> Option<i32> {
        let status = tokio::time::timeout(within, self.child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("{} has not ended", self.name));
        status.expect("a status").code()
    }

    /// Sends SIGTERM and requires exit code 0.
    pub(crate) async fn stop(&mut self) {
        self.terminate();
        let status = soon(&format!("{} ends", self.name), self.child.wait()).await;
        assert!(status.expect("a status").success(), "{}", self.stderr());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let text = self.stderr();
            let lines: Vec<&str> = text.lines().collect();
            let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
            say(format!("--- {} said last:\n{}", self.name, last.join("\n")));
        }
    }
}
