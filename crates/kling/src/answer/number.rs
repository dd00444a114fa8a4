//! Numbers that fit in no Rust number type. They are kept as text, so that an id keeps its digits
//! and such a number does not make the whole response unreadable.

use std::borrow::Cow;

use serde_json::{Number, Value};

/// JSON, also where a number is beyond every double, begins with zeros, or is none (`NaN`).
pub(super) fn json(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(&held(text))
}

fn held(text: &str) -> Cow<'_, str> {
    let mut held = String::new();
    let mut kept = 0;
    for (start, end) in tokens(text) {
        let token = &text[start..end];
        if let Some(instead) = instead(token) {
            held.push_str(&text[kept..start]);
            held.push_str(&instead);
            kept = end;
        }
    }
    match kept {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(held + &text[kept..]),
    }
}

/// The replacement for a number that would lose digits; `None` if it would not.
fn instead(token: &str) -> Option<String> {
    match token {
        "NaN" | "Infinity" | "-Infinity" => Some("null".to_owned()),
        _ if !is_number(token) || is_exact(token) => None,
        _ => Some(format!("\"{token}\"")),
    }
}

fn is_number(token: &str) -> bool {
    let digits = token.strip_prefix('-').unwrap_or(token);
    digits.starts_with(|c: char| c.is_ascii_digit()) && token.parse::<f64>().is_ok()
}

/// A whole number that becomes a double has lost digits.
fn is_exact(token: &str) -> bool {
    let whole = !token.contains(['.', 'e', 'E']);
    token.parse::<Number>().is_ok_and(|number| !(whole && number.is_f64()))
}

/// The ranges of words and numbers outside of strings.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let end = match bytes[at] {
            b'"' => after_text(bytes, at + 1),
            byte if is_of_token(byte) => {
                let rest = &bytes[at..];
                let length = rest.iter().position(|byte| !is_of_token(*byte));
                found.push((at, at + length.unwrap_or(rest.len())));
                found[found.len() - 1].1
            }
            _ => at + 1,
        };
        at = end;
    }
    found
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

fn after_text(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::held;

    #[test]
    fn only_a_number_that_would_be_lost_becomes_a_text() {
        for (text, expected) in [
            (r#"{"a":1,"b":0.5,"c":-3,"d":true}"#, None),
            (r#"{"a":18446744073709551615,"b":1e308}"#, None),
            (r#"{"a":"99999999999999999999 NaN \" 0012","b":1}"#, None),
            (r#"{"a":99999999999999999999}"#, Some(r#"{"a":"99999999999999999999"}"#)),
            (r#"[-1e999,0012,7]"#, Some(r#"["-1e999","0012",7]"#)),
            (r#"{"a":NaN,"b":[-Infinity]}"#, Some(r#"{"a":null,"b":[null]}"#)),
            ("<html>1-2-3 0012x", None),
            (r#""an open text \"#, None),
        ] {
            assert_eq!(held(text), expected.unwrap_or(text), "{text}");
        }
    }
}
