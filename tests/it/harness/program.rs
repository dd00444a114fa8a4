//! The real `reelwork` program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::Process;

/// Longer than any command here may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// The program with its configuration, which comes only from variables and not from the machine.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    variables: BTreeMap<String, String>,
    directory: PathBuf,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn bare(directory: &Path) -> Self {
        Self { variables: BTreeMap::new(), directory: directory.to_owned() }
    }

    /// Sets a key of the configuration, such as `kling.timeout`.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        let variable = format!("REELWORK_{}", key.replace('.', "__").to_uppercase());
        self.variables.insert(variable, value.to_owned());
    }

    pub(crate) fn unset(&mut self, key: &str) {
        let variable = format!("REELWORK_{}", key.replace('.', "__").to_uppercase());
        self.variables.remove(&variable);
    }

    /// Sets a variable that is not configuration.
    pub(crate) fn env(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Runs a command to its end.
    pub(crate) async fn run<S: AsRef<str>>(&self, arguments: &[S]) -> Done {
        self.run_with(arguments, "").await
    }

    /// Runs a command to its end, with this text on its stdin.
    pub(crate) async fn run_with<S: AsRef<str>>(&self, arguments: &[S], input: &str) -> Done {
        self.end(self.command(arguments), input).await
    }

    /// Runs a command to its end on a terminal, whose text is the output's stdout.
    pub(crate) async fn run_on_terminal<S: AsRef<str>>(&self, arguments: &[S]) -> Done {
        const ON_TERMINAL: &str = "import os, pty, sys; \
            sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
        let mut command = self.clean(Command::new("python3"));
        command.args(["-c", ON_TERMINAL]).arg(binary()).env("TERM", "xterm");
        command.args(arguments.iter().map(AsRef::as_ref));
        self.end(command, "").await
    }

    /// Runs a command that cannot write to any file, as on a full disk.
    pub(crate) async fn run_without_room<S: AsRef<str>>(&self, arguments: &[S]) -> Done {
        self.end(self.stubborn("ulimit -f 0", arguments), "").await
    }

    /// Starts a role whose files can be limited in size. A write beyond the limit is an error, not
    /// a signal.
    pub(crate) async fn start_stubborn(&self, role: &str) -> Process {
        let mut command = self.stubborn("true", &[role]);
        command.stdin(Stdio::null());
        let process = Process::spawn(command, role, &self.directory);
        process.says("ready:").await;
        process
    }

    fn stubborn<S: AsRef<str>>(&self, limit: &str, arguments: &[S]) -> Command {
        let script = format!("trap '' XFSZ; {limit}; exec \"$0\" \"$@\"");
        let mut command = self.clean(Command::new("sh"));
        command.arg("-c").arg(script).arg(binary()).args(arguments.iter().map(AsRef::as_ref));
        command
    }

    async fn end(&self, command: Command, input: &str) -> Done {
        let mut command = tokio::process::Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().expect("the program");
        let mut stdin = child.stdin.take().expect("its stdin");
        let feeding = async {
            // A command that does not read its stdin may have closed it.
            let _ = stdin.write_all(input.as_bytes()).await;
            drop(stdin);
        };
        let running = async { tokio::join!(feeding, child.wait_with_output()).1 };
        let output = tokio::time::timeout(DEADLINE, running).await;
        let output = output.expect("the command hangs").expect("its output");
        Done {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on stdout"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on stderr"),
        }
    }

    /// Starts a command that runs until it gets a signal.
    pub(crate) fn start(&self, name: &str, arguments: &[&str]) -> Process {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null());
        Process::spawn(command, name, &self.directory)
    }

    /// Starts a command whose stdin is written in parts.
    pub(crate) fn start_fed(&self, name: &str, arguments: &[&str]) -> Process {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        Process::spawn(command, name, &self.directory)
    }

    /// Starts a role and waits until it works.
    pub(crate) async fn start_role(&self, name: &str, role: &str) -> Process {
        let process = self.start(name, &[role]);
        process.says("ready:").await;
        process
    }

    fn command<S: AsRef<str>>(&self, arguments: &[S]) -> Command {
        let mut command = self.clean(Command::new(binary()));
        command.args(arguments.iter().map(AsRef::as_ref));
        command
    }

    fn clean(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars() {
            let ours = ["REELWORK_", "OTEL_", "COMETAPI_"];
            if ours.iter().any(|start| name.starts_with(start)) {
                command.env_remove(name);
            }
        }
        for home in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
            command.env(home, &self.directory);
        }
        command.current_dir(&self.directory).envs(&self.variables);
        command
    }
}

impl Done {
    /// Each line of stdout as JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let line = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        self.stdout.lines().map(line).collect()
    }

    /// The one JSON object on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Requires this exit code, and no panic on stderr.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        for word in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
            assert!(!self.stderr.contains(word), "{}", self.stderr);
        }
        self
    }
}

/// `REELWORK_BIN`, or the debug build next to these tests, which is rebuilt once.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("REELWORK_BIN") {
        Some(path) => path.into(),
        None => build(),
    })
}

fn build() -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--package", "reelwork", "--all-features"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.expect("cargo").success(), "reelwork does not build");
    // target/debug/deps/it-… → target/debug
    let tests = std::env::current_exe().expect("this program");
    let directory = tests.ancestors().nth(2).expect("the target directory");
    directory.join(format!("reelwork{}", std::env::consts::EXE_SUFFIX))
}
