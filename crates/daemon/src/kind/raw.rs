//! Values as they were written, before their kind is known.

use std::fmt::Display;

use ::config::ValueKind;

/// The most characters of a value in a message.
const SHOWN: usize = 60;

pub(super) fn text(raw: &ValueKind) -> Result<&str, String> {
    match raw {
        ValueKind::String(text) => Ok(text),
        other => Err(is_and_not(other, "text in quotes")),
    }
}

/// A list, or in a variable a text with commas.
pub(super) fn texts(raw: &ValueKind) -> Result<Vec<&str>, String> {
    match raw {
        ValueKind::Array(items) => items.iter().map(|item| text(&item.kind)).collect(),
        raw => Ok(text(raw)?.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()),
    }
}

/// The items of such a text, as a list in TOML.
pub(super) fn toml_list(text: &str) -> String {
    let items: Vec<_> = text.split(',').map(|item| format!("{item:?}")).collect();
    format!("[{}]", items.join(", "))
}

/// Text that is not empty and has only one line.
pub(super) fn plain(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("is empty".into());
    }
    if text.chars().any(char::is_control) {
        return Err("holds a line break or another control character".into());
    }
    Ok(text.to_owned())
}

pub(super) fn is_and_not(raw: &ValueKind, wanted: &str) -> String {
    let found = match raw {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::Float(_) => "a number",
        ValueKind::String(_) => "text",
        ValueKind::Table(_) => "a section",
        ValueKind::Array(_) => "a list",
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
            "a whole number"
        }
    };
    format!("is {found} and not {wanted}")
}

pub(super) fn is_not(text: &str, wanted: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{rest} is not {wanted}")
}

pub(super) fn out_of_range(value: impl Display) -> String {
    format!("{value} is out of range")
}
