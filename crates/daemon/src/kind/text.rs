//! Names, words, paths and filters.

use std::fmt::{Debug, Display};
use std::path::PathBuf;

use ::config::ValueKind;
use tracing_subscriber::EnvFilter;

use super::Kind;
use super::pairs::{NAME_MOST, is_name};
use super::raw::{is_not, plain, text, texts, toml_list};

/// A part of queue and key names: `[A-Za-z0-9_.-]{1,32}`.
#[derive(Debug)]
pub(crate) struct Name;

impl Kind for Name {
    type Value = String;

    fn wanted(&self) -> String {
        "1 to 32 letters, digits, '_', '.' or '-'".into()
    }

    fn read(&self, raw: &ValueKind) -> Result<String, String> {
        let text = text(raw)?;
        match is_name(text, NAME_MOST) {
            true => Ok(text.to_owned()),
            false => Err(is_not(text, "such a name")),
        }
    }

    fn shown(&self, value: &String) -> String {
        value.clone()
    }
}

#[derive(Debug)]
pub(crate) struct OneOf<T: 'static>(pub(crate) &'static [T]);

impl<T: Copy + Display + Debug + Sync> Kind for OneOf<T> {
    type Value = T;

    fn wanted(&self) -> String {
        let words: Vec<_> = self.0.iter().map(T::to_string).collect();
        format!("one of {}", words.join(", "))
    }

    fn read(&self, raw: &ValueKind) -> Result<T, String> {
        let text = text(raw)?;
        let known = self.0.iter().find(|known| known.to_string() == text);
        known.copied().ok_or_else(|| is_not(text, "known here"))
    }

    fn shown(&self, value: &T) -> String {
        value.to_string()
    }
}

#[derive(Debug)]
pub(crate) struct FilePath;

impl Kind for FilePath {
    type Value = PathBuf;

    fn wanted(&self) -> String {
        "a path (~ is not expanded)".into()
    }

    fn read(&self, raw: &ValueKind) -> Result<PathBuf, String> {
        let text = plain(text(raw)?)?;
        match text.starts_with('~') {
            true => Err(is_not(&text, "a path")),
            false => Ok(text.into()),
        }
    }

    fn shown(&self, value: &PathBuf) -> String {
        value.display().to_string()
    }
}

/// Of a file with a secret. It has a slash, so that a secret in its place is refused, and not shown.
#[derive(Debug)]
pub(crate) struct SecretPath;

impl Kind for SecretPath {
    type Value = PathBuf;

    fn wanted(&self) -> String {
        "the path of a file, with a slash in it".into()
    }

    fn read(&self, raw: &ValueKind) -> Result<PathBuf, String> {
        let text = plain(text(raw)?)?;
        match text.contains('/') && !text.starts_with('~') {
            true => Ok(text.into()),
            false => Err("has something that is not such a path".into()),
        }
    }

    fn shown(&self, value: &PathBuf) -> String {
        value.display().to_string()
    }

    fn placeholder(&self) -> String {
        "\"/run/secrets/kling_second\"".to_owned()
    }
}

#[derive(Debug)]
pub(crate) struct Texts;

impl Kind for Texts {
    type Value = Vec<String>;

    fn wanted(&self) -> String {
        "a list of texts (in a variable, separated by commas)".into()
    }

    fn read(&self, raw: &ValueKind) -> Result<Vec<String>, String> {
        texts(raw)?.into_iter().map(plain).collect()
    }

    fn shown(&self, value: &Vec<String>) -> String {
        value.join(", ")
    }

    fn is_list(&self) -> bool {
        true
    }

    fn toml(&self, default: &str) -> String {
        toml_list(default)
    }

    fn placeholder(&self) -> String {
        "[\"...\"]".to_owned()
    }
}

#[derive(Debug)]
pub(crate) struct LogFilter;

impl Kind for LogFilter {
    type Value = String;

    fn wanted(&self) -> String {
        "a level (off, error, warn, info, debug, trace) or filters such as info,lapin=warn".into()
    }

    fn read(&self, raw: &ValueKind) -> Result<String, String> {
        let text = text(raw)?;
        let fits = names_levels(text) && EnvFilter::builder().parse(text).is_ok();
        fits.then(|| text.to_owned()).ok_or_else(|| is_not(text, "a level or filters"))
    }

    fn shown(&self, value: &String) -> String {
        value.clone()
    }
}

/// `EnvFilter` takes any bare word for a target at level trace, so a mistyped level would pass.
fn names_levels(text: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let bare = |part: &str| !part.contains(['=', '[']);
    let known = |part: &str| LEVELS.iter().any(|level| part.eq_ignore_ascii_case(level));
    let in_spans = text.contains('[');
    let mut parts = text.split(',').map(str::trim);
    !text.trim().is_empty() && (in_spans || parts.all(|part| !bare(part) || known(part)))
}
