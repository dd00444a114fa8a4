//! The problems of a configuration, all at once.

use std::fmt;

use serde::Serialize;

use crate::exit::ExitCode;
use crate::sources::Source;

/// One thing that must be changed. It never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The key; `None` if it concerns a file or a variable as a whole.
    pub key: Option<String>,
    pub source: Source,
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// All problems, in the order of the sources and then of the keys. The process exits with
/// [`ExitCode::Configuration`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    pub problems: Vec<Problem>,
}

impl Problem {
    pub(crate) fn of_key(key: &str, source: Source, message: impl Into<String>) -> Self {
        Self { key: Some(key.into()), source, message: message.into(), hint: None }
    }

    pub(crate) fn of_source(source: Source, message: impl Into<String>) -> Self {
        Self { key: None, source, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl ConfigError {
    pub const fn exit_code(&self) -> ExitCode {
        ExitCode::Configuration
    }
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// One line: `key (source): message; hint`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match (&self.key, &self.source) {
            (Some(key), Source::Default) => key.clone(),
            (Some(key), source) => format!("{key} ({source})"),
            (None, source) => source.to_string(),
        };
        write!(f, "{}: {}", one_line(&place), one_line(&self.message))?;
        match &self.hint {
            Some(hint) => write!(f, "; {}", one_line(hint)),
            None => Ok(()),
        }
    }
}

/// A numbered list, one problem per line.
impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}. {problem}", index + 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
impl std::error::Error for ConfigError {}

/// Names in a file may contain line breaks and terminal codes.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_whatever_is_in_it() {
        let problem = Problem::of_key("a\nb", Source::Flag, "bad\x1b[31m").hint("do\r\nthis");
        assert_eq!(problem.to_string(), "a\\nb (flag): bad\\u{1b}[31m; do\\r\\nthis");
    }

    #[test]
    fn problems_are_numbered() {
        let error = ConfigError {
            problems: vec![
                Problem::of_source(Source::Environment("REELWORK_X".into()), "unknown"),
                Problem::of_key("kling.api_key", Source::Default, "is needed"),
            ],
        };
        assert_eq!(error.to_string(), "1. REELWORK_X: unknown\n2. kling.api_key: is needed");
        assert_eq!(error.exit_code().code(), 78);
    }
}
