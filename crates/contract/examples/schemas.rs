//! Writes the documents to a directory, or with `--check` says which differ: exit 1 if any does.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to its caller")]

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(directory) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: schemas DIRECTORY [--check]");
        return ExitCode::from(2);
    };
    let check = arguments.next().is_some_and(|argument| argument == "--check");
    let mut good = true;
    for document in contract::documents() {
        let (path, text) = (directory.join(document.name), document.text());
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        if check {
            eprintln!("{} differs: run `cargo xtask schemas`", path.display());
            good = false;
        } else if let Err(error) = std::fs::write(&path, text) {
            eprintln!("{}: {error}", path.display());
            good = false;
        } else {
            println!("{}", path.display());
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
