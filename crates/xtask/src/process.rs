//! Runs other programs, and prints messages.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Prints a message: never on stdout, which is for results.
pub(crate) fn say(words: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "xtask: {}", words.as_ref());
}

/// Whether it could be run and succeeded; its output is discarded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Its output, if it succeeded.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The error is the whole output.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{name}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().into())
        }
    }
}

/// Finds a program by its name on `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|place| place.join(name)).find(|file| is_program(file))
}

pub(crate) fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|facts| facts.is_file() && facts.permissions().mode() & 0o111 != 0)
}

/// Runs it to its end. A signal to stop is forwarded, so that we can clean up afterwards.
pub(crate) async fn run_to_end(command: Command) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let stuck = |error: std::io::Error| Failure::stuck(&name, error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(stuck)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(stuck)?;
    let mut child = tokio::process::Command::from(command).spawn().map_err(stuck)?;
    loop {
        tokio::select! {
            status = child.wait() => return verdict(status.map_err(stuck)?),
            _ = interrupt.recv() => stop(child.id()),
            _ = terminate.recv() => stop(child.id()),
        }
    }
}

fn verdict(status: ExitStatus) -> Result<(), Failure> {
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Failure::Ended(u8::try_from(code).unwrap_or(1))),
        None => Err(Failure::Ended(1)),
    }
}

fn stop(id: Option<u32>) {
    if let Some(id) = id {
        signal_to("TERM", &id.to_string());
    }
}

/// A negative id is a process group. Uses the `kill` of the shell: there may be no program.
pub(crate) fn signal_to(signal: &str, id: &str) {
    let script = format!("kill -s {signal} -- {id}");
    let _ = succeeds(Command::new("sh").args(["-c", &script]));
}
