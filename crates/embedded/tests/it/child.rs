//! Runs the same test in a child process that can be killed.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const FILE: &str = "EMBEDDED_TEST_CHILD_FILE";

/// The file to work on, when this process is the child.
pub(crate) fn file() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// Sends a line to the parent.
pub(crate) fn say(word: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "child: {word}").unwrap();
    out.flush().unwrap();
}

/// A child that runs one test of this binary; killed when dropped.
pub(crate) struct Kid {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Kid {
    pub(crate) fn spawn(test: &str, file: &Path) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), test, file)
    }

    /// With a file size limit in 512-byte blocks, beyond which every write fails.
    pub(crate) fn spawn_limited(test: &str, file: &Path, blocks: u32) -> Self {
        let mut shell = Command::new("sh");
        // With the signal ignored, the write returns an error.
        shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
        shell.arg(std::env::current_exe().unwrap());
        Self::run(shell, test, file)
    }

    fn run(mut command: Command, test: &str, file: &Path) -> Self {
        command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
        command.env(FILE, file).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line of the child; `None` once it has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        loop {
            let line = self.lines.next()?.ok()?;
            // The harness may print before ours on the same line.
            if let Some((_, word)) = line.split_once("child: ") {
                return Some(word.to_owned());
            }
        }
    }

    /// Kills it at once, without a chance to clean up.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn ends_well(mut self) -> bool {
        while self.hear().is_some() {}
        self.child.wait().unwrap().success()
    }
}

impl Drop for Kid {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
