//! stdout carries results, stderr carries words and progress.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

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

/// Whoever wrote a message or an answer must not write to the terminal. The escapes are those of
/// JSON, where such characters can only be inside strings.
fn printable(text: &str) -> Cow<'_, str> {
    let is_command = |c: char| is_invisible(c) && !matches!(c, '\n' | '\t');
    if !text.contains(is_command) {
        return Cow::Borrowed(text);
    }
    let mut printed = String::with_capacity(text.len());
    for c in text.chars() {
        match is_command(c) {
            true => printed.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => printed.push(c),
        }
    }
    Cow::Owned(printed)
}

/// Control characters, and those that turn the direction of what follows.
fn is_invisible(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_that_a_message_holds_commands_a_terminal() {
        assert_eq!(printable("\u{1b}]0;owned\u{7}"), "\\u001b]0;owned\\u0007");
        assert_eq!(printable("a\r\u{9b}2J\u{202e}b"), "a\\u000d\\u009b2J\\u202eb");
        assert_eq!(printable("Dämmerung\n\t一只猫"), "Dämmerung\n\t一只猫");
        let value = serde_json::json!({"a": "\u{7f}\u{9b}"});
        let back: serde_json::Value = serde_json::from_str(&printable(&value.to_string())).unwrap();
        assert_eq!(back, value, "JSON stays the same JSON");
    }
}
