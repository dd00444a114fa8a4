//! Ends every server that was started here, however this process ends.
//!
//! A server runs under a guard: this same program in a process of its own, which ends the server
//! when its stdin closes. It closes when this process ends, even if it is killed.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use tempfile::TempDir;

use crate::failure::Failure;
use crate::process::{self, signal_to};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Removed at the end.
    #[arg(long)]
    directory: PathBuf,
    /// Run at the end, in a shell.
    #[arg(long)]
    at_end: Option<String>,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    server: Vec<OsString>,
}

/// The guard itself: waits until the server or the starting process ends.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let name = options.server[0].to_string_lossy();
    // A process group of its own: the server is ended with all its children.
    let server = Command::new(&options.server[0])
        .args(&options.server[1..])
        .stdin(Stdio::null())
        .process_group(0)
        .spawn();
    let mut server = server.map_err(|error| Failure::stuck(name, error))?;
    let group = format!("-{}", server.id());
    let (ended, end) = mpsc::channel();
    let told = ended.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = told.send(());
    });
    let watching = std::thread::spawn(move || {
        let _ = server.wait();
        let _ = ended.send(());
    });
    let _ = end.recv();
    // Its data is deleted, so an orderly end is not needed.
    signal_to("KILL", &group);
    let _ = watching.join();
    if let Some(script) = &options.at_end {
        process::succeeds(Command::new("sh").args(["-c", script]));
    }
    let _ = std::fs::remove_dir_all(&options.directory);
    Ok(())
}

/// A server under a guard, with its own directory. Dropping it removes both.
#[derive(Debug)]
pub(crate) struct Guarded {
    guard: Child,
    directory: TempDir,
}

impl Guarded {
    /// `server` is a command line without redirections; its output goes to a file.
    pub(crate) fn start(
        directory: TempDir,
        server: &Command,
        at_end: Option<&str>,
    ) -> std::io::Result<Self> {
        let mut guard = Command::new(std::env::current_exe()?);
        guard.arg("guard").arg("--directory").arg(directory.path());
        if let Some(script) = at_end {
            guard.args(["--at-end", script]);
        }
        guard.arg("--").arg(server.get_program()).args(server.get_args());
        for (name, value) in server.get_envs() {
            match value {
                Some(value) => guard.env(name, value),
                None => guard.env_remove(name),
            };
        }
        let log = File::create(directory.path().join(LOG))?;
        guard.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
        // Signals from a terminal must not reach the guard: it would end before its work is done.
        guard.process_group(0);
        Ok(Self { guard: guard.spawn()?, directory })
    }

    /// The server has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.guard.try_wait(), Ok(None))
    }

    /// The last lines of the server's output.
    pub(crate) fn last_words(&self) -> String {
        let text = std::fs::read_to_string(self.directory.path().join(LOG)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }
}

const LOG: &str = "server.log";
const LAST_LINES: usize = 15;

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}
