//! From what was written to a value of the key's kind. Pure.

use std::fmt::Display;
use std::path::PathBuf;

use ::config::ValueKind;
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::duration;
use crate::endpoint::Endpoint;
use crate::kind::Kind;
use crate::value::Value;

/// Longest value repeated in a message, in characters.
const SHOWN: usize = 60;

/// Why a value does not fit its key. It never repeats what may be secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// Reads a value as `kind` wants it.
pub(crate) fn parse(kind: &Kind, raw: &ValueKind) -> Result<Value, Misfit> {
    read(kind, raw).map_err(|message| Misfit { message, hint: format!("write {}", kind.wanted()) })
}

fn read(kind: &Kind, raw: &ValueKind) -> Result<Value, String> {
    match kind {
        Kind::Name => name(text(raw)?),
        Kind::Bool => boolean(raw),
        Kind::Count { least, most } => count(raw, *least, *most),
        Kind::Factor { least, most } => factor(raw, *least, *most),
        Kind::Duration { least, most } => {
            let value = span(raw)?;
            let shown = duration::shown(value);
            Ok(Value::Duration(within(value, *least, *most, shown)?))
        }
        Kind::Word(words) => word(text(raw)?, words),
        Kind::HttpUrl => http_url(text(raw)?).map(Value::Url),
        Kind::Endpoint { schemes } => endpoint(text(raw)?, schemes),
        Kind::Address => {
            let text = text(raw)?;
            let address = text.parse();
            address.map(Value::Address).map_err(|_| isnt(text, "an address"))
        }
        Kind::Path => path(text(raw)?),
        Kind::Texts => {
            let texts = texts(raw)?;
            let plain: Result<_, _> = texts.into_iter().map(plain).collect();
            plain.map(Value::Texts)
        }
        Kind::Secret => secret(text(raw)?).map(Value::Secret),
        Kind::Secrets { most } => secrets(raw, *most),
        Kind::LogFilter => log_filter(text(raw)?),
    }
}

fn text(raw: &ValueKind) -> Result<&str, String> {
    match raw {
        ValueKind::String(text) => Ok(text),
        other => Err(format!("is {} and not text in quotes", described(other))),
    }
}

fn texts(raw: &ValueKind) -> Result<Vec<&str>, String> {
    match raw {
        ValueKind::Array(items) => items.iter().map(|item| text(&item.kind)).collect(),
        raw => Ok(text(raw)?.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()),
    }
}

fn described(raw: &ValueKind) -> &'static str {
    match raw {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::Float(_) => "a number",
        ValueKind::String(_) => "text",
        ValueKind::Table(_) => "a section",
        ValueKind::Array(_) => "a list",
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
            "a whole number"
        }
    }
}

fn isnt(text: &str, wanted: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{rest} is not {wanted}")
}

fn within<T: PartialOrd>(value: T, least: T, most: T, shown: impl Display) -> Result<T, String> {
    if value < least || value > most {
        return Err(format!("{shown} is out of range"));
    }
    Ok(value)
}

fn plain(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("is empty".into());
    }
    if text.chars().any(char::is_control) {
        return Err("holds a line break or another control character".into());
    }
    Ok(text.to_owned())
}

fn name(text: &str) -> Result<Value, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if !(1..=32).contains(&text.len()) || !text.chars().all(fits) {
        return Err(isnt(text, "such a name"));
    }
    Ok(Value::Text(text.to_owned()))
}

fn boolean(raw: &ValueKind) -> Result<Value, String> {
    match raw {
        ValueKind::Boolean(value) => Ok(Value::Bool(*value)),
        ValueKind::String(text) => match text.parse() {
            Ok(value) => Ok(Value::Bool(value)),
            Err(_) => Err(isnt(text, "true or false")),
        },
        other => Err(format!("is {} and not true or false", described(other))),
    }
}

fn count(raw: &ValueKind, least: u64, most: u64) -> Result<Value, String> {
    let number: i128 = match raw {
        ValueKind::I64(number) => (*number).into(),
        ValueKind::String(text) => text.parse().map_err(|_| isnt(text, "a whole number"))?,
        other => return Err(format!("is {} and not a whole number", described(other))),
    };
    let number = within(number, least.into(), most.into(), number)?;
    u64::try_from(number).map(Value::Count).map_err(|_| format!("{number} is out of range"))
}

fn factor(raw: &ValueKind, least: f64, most: f64) -> Result<Value, String> {
    let number: f64 = match raw {
        ValueKind::Float(number) => *number,
        // Range limits are far below 2^53: a whole number beyond it is refused either way.
        ValueKind::I64(number) => *number as f64,
        ValueKind::String(text) => text.parse().map_err(|_| isnt(text, "a number"))?,
        other => return Err(format!("is {} and not a number", described(other))),
    };
    if !number.is_finite() {
        return Err(format!("{number} is out of range"));
    }
    within(number, least, most, number).map(Value::Factor)
}

fn span(raw: &ValueKind) -> Result<std::time::Duration, String> {
    match raw {
        ValueKind::String(text) => {
            duration::parse(text.trim()).ok_or_else(|| isnt(text, "a duration"))
        }
        other => Err(format!("is {} and not a duration in quotes", described(other))),
    }
}

fn word(text: &str, words: &'static [&'static str]) -> Result<Value, String> {
    let known = words.iter().find(|word| **word == text);
    known.map(|word| Value::Word(word)).ok_or_else(|| isnt(text, "known here"))
}

/// The text is never repeated: a user in it would be shown.
fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "is not a URL".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is not an http or https URL".into());
    }
    if !url.username().is_empty() || url.password().is_some() || url.path().contains('@') {
        return Err("holds a user or a password".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("holds a query or a fragment".into());
    }
    Ok(url)
}

fn endpoint(text: &str, schemes: &[&str]) -> Result<Value, String> {
    let endpoint = Endpoint::parse(text, schemes).map_err(|error| error.to_string());
    endpoint.map(Value::Endpoint)
}

fn path(text: &str) -> Result<Value, String> {
    let text = plain(text)?;
    if text.starts_with('~') {
        return Err(isnt(&text, "a path"));
    }
    Ok(Value::Path(PathBuf::from(text)))
}

fn secret(text: &str) -> Result<SecretString, String> {
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("holds a space, a line break or a control character".into());
    }
    Ok(text.into())
}

fn secrets(raw: &ValueKind, most: usize) -> Result<Value, String> {
    let secrets: Vec<_> = texts(raw)?.into_iter().map(secret).collect::<Result<_, _>>()?;
    if secrets.len() > most {
        return Err(format!("holds {} secrets", secrets.len()));
    }
    Ok(Value::Secrets(secrets))
}

/// `EnvFilter` takes any bare word for a target at level trace, so a mistyped level would pass.
fn log_filter(text: &str) -> Result<Value, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let bare = |part: &str| !part.contains(['=', '[']);
    let known = |part: &str| LEVELS.iter().any(|level| part.eq_ignore_ascii_case(level));
    let parts = || text.split(',').map(str::trim);
    let in_spans = text.contains('[');
    if text.trim().is_empty() || (!in_spans && parts().any(|part| bare(part) && !known(part))) {
        return Err(isnt(text, "a level or filters"));
    }
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(Value::Text(text.to_owned())),
        Err(_) => Err(isnt(text, "a level or filters")),
    }
}
