//! stdout carries results, stderr carries messages and progress.

use std::io::{self, IsTerminal, Write};

use daemon::{printable, printable_line};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::error::{Error, Report};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    stderr: Stderr,
}

/// The form of messages on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stderr {
    Lines,
    /// As log events for programs: a plain line would not be JSON.
    Log,
}

/// Text, line by line; nothing inside a line can begin another.
pub(crate) struct Words(Vec<String>);

impl From<String> for Words {
    fn from(line: String) -> Self {
        Self(vec![line])
    }
}

impl From<Vec<String>> for Words {
    fn from(lines: Vec<String>) -> Self {
        Self(lines)
    }
}

impl Words {
    /// For text whose lines are our own.
    pub(crate) fn of_lines(text: &str) -> Self {
        Self(text.lines().map(str::to_owned).collect())
    }

    fn print(&self) -> String {
        let lines: Vec<_> = self.0.iter().map(|line| printable_line(line)).collect();
        lines.join("\n")
    }
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, stderr: Stderr::Lines }
    }

    /// Only after the log is set up.
    pub(crate) fn set_stderr(&mut self, stderr: Stderr) {
        self.stderr = stderr;
    }

    pub(crate) fn in_log(&self) -> bool {
        self.stderr == Stderr::Log
    }

    /// One result: a JSON line, or text.
    pub(crate) fn result<W: Into<Words>>(&self, value: &impl Serialize, words: impl FnOnce() -> W) {
        match self.json {
            true => self.text(&serde_json::to_string(value).unwrap_or_default()),
            false => self.text(&words().into().print()),
        }
    }

    /// A result that is always JSON.
    pub(crate) fn json(&self, value: &impl Serialize) {
        self.text(&serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// Lines of our own. If the reader has gone, the process ends quietly, as `| head` expects.
    pub(crate) fn text(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let text = printable(text);
        if writeln!(stdout, "{text}").and_then(|()| stdout.flush()).is_err() {
            std::process::exit(0);
        }
    }

    pub(crate) fn message(&self, words: &str) {
        let _ = writeln!(io::stderr(), "{}", printable_line(words));
    }

    pub(crate) fn complain(&self, words: &str) {
        if self.in_log() {
            return tracing::error!("{words}");
        }
        let _ = writeln!(io::stderr(), "reelwork: {}", printable_line(words));
    }

    /// Why the command failed: a line, with `--json` an object.
    pub(crate) fn fail(&self, error: &Error) {
        match (self.json && !self.in_log(), error) {
            (true, _) => {
                let report = serde_json::to_string(&Report::of(error)).unwrap_or_default();
                let _ = writeln!(io::stderr(), "{}", printable(&report));
            }
            (false, Error::Configuration(_)) => self.explain(&format!("reelwork: {error}")),
            (
                false,
                Error::Usage(_)
                | Error::Denied(_)
                | Error::Unavailable(_)
                | Error::NotFound(_)
                | Error::Other(_),
            ) => self.complain(&error.to_string()),
        }
    }

    /// Several lines, of our own.
    pub(crate) fn explain(&self, lines: &str) {
        if self.in_log() {
            return tracing::error!("{lines}");
        }
        let _ = writeln!(io::stderr(), "{}", printable(lines));
    }

    /// A line of text that changes on a terminal; nothing elsewhere.
    pub(crate) fn status(&self) -> ProgressBar {
        let style = ProgressStyle::with_template("{msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        ProgressBar::with_draw_target(None, terminal()).with_style(style)
    }

    /// A bar on a terminal; nothing elsewhere.
    pub(crate) fn progress(&self, of: u64, what: &'static str) -> ProgressBar {
        let style = ProgressStyle::with_template("{msg:10} {bar:32} {pos}/{len} {elapsed} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(Some(of), terminal()).with_style(style).with_message(what)
    }
}

fn terminal() -> ProgressDrawTarget {
    match io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    }
}
