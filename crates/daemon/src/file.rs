//! One TOML file as a layer.

use std::io;
use std::path::{Path, PathBuf};

use ::config::{Map, Source as _, Value, ValueKind};

use crate::keys;
use crate::layer::Layer;
use crate::problem::Problem;
use crate::sources::Source;

/// Whether a file that does not exist is a problem.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Optional,
    Required,
}

pub(crate) fn layer(path: PathBuf, presence: Presence) -> Layer {
    let mut layer = Layer::default();
    let source = Source::File(path.clone());
    match read(&path, presence) {
        Ok(table) => gather(&mut layer, &source, None, table),
        Err(message) => layer.problems.push(Problem::of_source(source, message)),
    }
    layer
}

fn read(path: &Path, presence: Presence) -> Result<Map<String, Value>, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => tables(&text),
        Err(error) if is_absent(&error) && presence == Presence::Optional => Ok(Map::new()),
        Err(error) => Err(format!("cannot be read: {error}")),
    }
}

/// Services often run with `HOME=/dev/null`, which is not a directory.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Parsed twice: the first error has the line number and, unlike that of `config`, no text of it.
fn tables(text: &str) -> Result<Map<String, Value>, String> {
    toml::from_str::<toml::Table>(text).map_err(|error| syntax_error(text, &error))?;
    ::config::File::from_str(text, ::config::FileFormat::Toml)
        .collect()
        .map_err(|_| "is not TOML that can be read".to_owned())
}

fn syntax_error(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line} is not TOML: {}", error.message())
}

fn gather(layer: &mut Layer, source: &Source, above: Option<&str>, table: Map<String, Value>) {
    for (name, value) in table {
        let key = joined(above, &name);
        match value.kind {
            ValueKind::Table(inner) if !inner.is_empty() => {
                gather(layer, source, Some(&key), inner);
            }
            ValueKind::Table(_) if keys::is_section(&key) => {}
            kind => match keys::find(&key) {
                Some(known) => layer.insert(known, kind, source.clone()),
                None => layer.problems.push(keys::unknown(&key, source.clone())),
            },
        }
    }
}

/// A name that contains a dot is quoted, so that `"kling.timeout"` is not taken for `kling.timeout`.
fn joined(above: Option<&str>, name: &str) -> String {
    let name = match name.contains('.') {
        true => format!("{name:?}"),
        false => name.to_owned(),
    };
    match above {
        Some(above) => format!("{above}.{name}"),
        None => name,
    }
}
