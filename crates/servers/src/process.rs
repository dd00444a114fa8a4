use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

const LOOK: Duration = Duration::from_millis(50);
const LAST_LINES: usize = 15;
/// A killed process ends at once, unless it waits for a disk.
const LONGEST_END: Duration = Duration::from_secs(10);

/// A server with all the processes that it starts. They end when it is dropped.
///
/// A shell watches the process that started it. If that one is killed, the shell ends the server
/// and removes its directory.
#[derive(Debug)]
pub struct Group {
    server: Child,
    watcher: Child,
    log: PathBuf,
}

/// Its arguments: the group, what to run at the end, the server's directory. A line on stdin says
/// that the directory is still needed; the end of stdin alone, that nobody is left who needs it.
const WATCH: &str = r#"read -r needed || needed=; kill -s KILL -- "-$1" 2>/dev/null; eval "$2"
[ -n "$needed" ] || rm -rf -- "$3""#;

impl Group {
    /// The output of the server is appended to `server.log` in its directory.
    pub fn start(command: Command, directory: &Path) -> io::Result<Self> {
        Self::start_with_end(command, directory, "")
    }

    /// `at_end` is run by a shell after the server has ended.
    pub fn start_with_end(
        mut command: Command,
        directory: &Path,
        at_end: &str,
    ) -> io::Result<Self> {
        let log = directory.join("server.log");
        let output = File::options().create(true).append(true).open(&log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let server = command.process_group(0).spawn()?;
        let mut watcher = Command::new("sh");
        watcher.args(["-c", WATCH, "watch", &server.id().to_string(), at_end]).arg(directory);
        watcher.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // A signal from a terminal must not reach it: it would end before its work is done.
        Ok(Self { server, watcher: watcher.process_group(0).spawn()?, log })
    }

    /// The id of the first process, and of the process group.
    pub fn id(&self) -> u32 {
        self.server.id()
    }

    /// It has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.server.try_wait(), Ok(None))
    }

    /// Stops all processes in mid-work; connections stay open.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let script = format!("kill -s {name} -- -{}", self.id());
        let sent = Command::new("sh").args(["-c", &script]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{script}");
    }

    /// Waits until the server answers. The error says whether it has ended, with its last lines.
    pub async fn answering(
        &mut self,
        name: &str,
        patience: Duration,
        mut answers: impl AsyncFnMut() -> bool,
    ) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        while !answers().await {
            let ended = self.has_ended();
            if ended || Instant::now() >= deadline {
                let what = if ended { "has ended" } else { "does not answer" };
                let text = format!("{name} {what}; its last lines:\n{}", self.last_lines());
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// The last lines of the server's output.
    fn last_lines(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }
}

/// Sends SIGKILL to all processes, and returns when they have ended.
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(mut stdin) = self.watcher.stdin.take() {
            let _ = stdin.write_all(b"needed\n");
        }
        let _ = self.watcher.wait();
        let _ = self.server.wait();
        // The others are not children of this process: it can only look.
        let deadline = std::time::Instant::now() + LONGEST_END;
        while runs(self.id()) && std::time::Instant::now() < deadline {
            std::thread::sleep(LOOK / 10);
        }
    }
}

/// Whether a process of this group runs. One that has ended and waits for its parent does not: the
/// fields after the name are state, parent and group.
fn runs(group: u32) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    let is_of_group = |stat: String| {
        let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
        let mut fields = fields.split(' ');
        fields.next() != Some("Z") && fields.nth(1) == Some(group.to_string().as_str())
    };
    processes
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("stat")).ok())
        .any(is_of_group)
}

/// Waits until the condition is true.
pub async fn patiently(
    what: &str,
    patience: Duration,
    mut is_so: impl AsyncFnMut() -> bool,
) -> io::Result<()> {
    let deadline = Instant::now() + patience;
    while !is_so().await {
        if Instant::now() >= deadline {
            let text = format!("not within {patience:?}: {what}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "echo started; sleep 600 & sleep 600"]);
        command
    }

    #[tokio::test]
    async fn a_group_ends_with_its_value_and_its_files_stay() {
        let directory = tempfile::tempdir().expect("a directory");
        let group = Group::start(sleeper(), directory.path()).expect("a shell");
        let seen = async || group.last_lines() == "started";
        patiently("its output", Duration::from_secs(10), seen).await.expect("output");
        let id = group.id();
        assert!(runs(id));
        drop(group);
        assert!(!runs(id));
        assert!(directory.path().join("server.log").exists());
    }

    #[tokio::test]
    async fn a_group_ends_with_the_process_that_started_it() {
        let directory = tempfile::tempdir().expect("a directory").keep();
        let mut group = Group::start(sleeper(), &directory).expect("a shell");
        // As at the end of a killed process: the pipe closes without a line.
        drop(group.watcher.stdin.take());
        group.watcher.wait().expect("its end");
        assert!(group.server.wait().is_ok_and(|status| !status.success()));
        assert!(!directory.exists());
    }

    #[tokio::test]
    async fn a_server_that_ended_is_reported_with_its_last_lines() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = Command::new("sh");
        command.args(["-c", "echo no license; exit 1"]);
        let mut group = Group::start(command, directory.path()).expect("a shell");
        let ended = group.answering("It", Duration::from_secs(10), async || false).await;
        let text = ended.expect_err("an error").to_string();
        assert!(text.contains("has ended") && text.contains("no license"), "{text}");
    }
}
