//! stdout carries results, stderr carries words and progress.

use std::io::{self, IsTerminal, Write};

use daemon::printable;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// One result: a JSON line, or the words for people.
    pub(crate) fn result(&self, value: &impl Serialize, words: impl FnOnce() -> String) {
        let text = match self.json {
            true => serde_json::to_string(value).unwrap_or_default(),
            false => words(),
        };
        self.line(&text);
    }

    /// A result that is JSON for people too.
    pub(crate) fn json(&self, value: &impl Serialize) {
        self.line(&serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// A reader that has gone away ends the process quietly, as `| head` expects.
    pub(crate) fn line(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let text = printable(text);
        if writeln!(stdout, "{text}").and_then(|()| stdout.flush()).is_err() {
            std::process::exit(0);
        }
    }

    pub(crate) fn say(&self, words: &str) {
        let _ = writeln!(io::stderr(), "{}", printable(words));
    }

    pub(crate) fn complain(&self, words: &str) {
        let _ = writeln!(io::stderr(), "reelwork: {}", printable(words));
    }

    /// A bar on a terminal; nothing elsewhere.
    pub(crate) fn progress(&self, of: u64, what: &'static str) -> ProgressBar {
        let target = match io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let style = ProgressStyle::with_template("{msg:10} {bar:32} {pos}/{len} {elapsed} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(Some(of), target).with_style(style).with_message(what)
    }
}
