//! A server under a guard ends with the process that started it.

// A test fails by panicking.
#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(20);

/// Starts a guard over a shell script that runs in `directory`.
fn guarded(directory: &Path, at_end: &str, script: &str) -> (Child, ChildStdin) {
    let mut guard = Command::new(env!("CARGO_BIN_EXE_xtask"));
    guard.arg("guard").arg("--directory").arg(directory).args(["--at-end", at_end]);
    guard.args(["--", "sh", "-c", script]).current_dir(directory);
    let mut guard = guard.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let stdin = guard.stdin.take().unwrap();
    (guard, stdin)
}

/// The output of all processes under the guard. The pipe closes when the last one has ended.
fn read_to_end(guard: &mut Child) -> mpsc::Receiver<String> {
    let mut pipe = guard.stdout.take().unwrap();
    let (said, words) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        said.send(text).unwrap();
    });
    words
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: waited for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn place() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let (directory, mark) = (place.path().join("server"), place.path().join("mark"));
    std::fs::create_dir(&directory).unwrap();
    (place, directory, mark)
}

#[test]
fn a_server_and_its_children_end_with_the_process_that_started_it() {
    let (_place, directory, mark) = place();
    let at_end = format!("echo ended > {}", mark.display());
    // Two processes: a shell and its child.
    let server = "sh -c 'echo up > up; exec sleep 600' & wait";
    let (mut guard, stdin) = guarded(&directory, &at_end, server);
    let words = read_to_end(&mut guard);
    until("the server to be up", || directory.join("up").exists());
    assert!(words.try_recv().is_err(), "it runs");

    drop(stdin);

    assert!(guard.wait().unwrap().success());
    words.recv_timeout(DEADLINE).expect("nobody is left");
    assert!(mark.exists() && !directory.exists());
}

#[test]
fn a_guard_ends_with_a_server_that_ends_by_itself() {
    let (_place, directory, mark) = place();
    let at_end = format!("echo ended > {}", mark.display());
    let (mut guard, _stdin) = guarded(&directory, &at_end, "sleep 600 & exit 3");

    read_to_end(&mut guard).recv_timeout(DEADLINE).expect("nobody is left");

    assert!(guard.wait().unwrap().success());
    assert!(mark.exists() && !directory.exists());
}
