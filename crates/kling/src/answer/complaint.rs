//! What an answer complains of, out of any of the envelopes seen.

use serde_json::{Map, Value};

use super::code;
use super::number;
use super::value::{brief, object, text};

/// Gateway error codes that only mean that the connection between the gateway and Kling failed.
const BROKEN_WORDS: &[&str] = &[
    "do_request_failed",
    "read_response_body_failed",
    "unmarshal_response_failed",
    "copy_response_body_failed",
];

/// Gateway error codes that replace Kling's own error number.
const NUMBER_LOST: &[&str] = &["task_failed", "fail_to_fetch_task"];

/// The message for a response without one.
pub(super) const NO_REASON: &str = "no reason given";

/// A message means that the account has no money if it contains a word of the first list and one of
/// the second, unless a word of the third shows that it is about a request rate.
const FUNDS: &[&str] = &["balance", "quota", "credit"];
const SPENT: &[&str] = &["not enough", "insufficient", "exhausted", "exceeded", "used up"];
const RATE: &[&str] = &["per minute", "per second", "rate limit", "too many"];

/// An error as the provider or a gateway worded it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Complaint {
    /// Kling's number.
    pub(super) code: Option<i64>,
    /// The error code of a gateway, in lower case.
    pub(super) word: Option<String>,
    pub(super) message: String,
    /// Whether it came in an answer we could parse at all.
    pub(super) parsed: bool,
}

enum Code {
    Fine,
    Number(i64),
    Word(String),
}

impl Complaint {
    /// What a whole answer complains of: an `error` object or text, or a code that is not fine.
    pub(super) fn of_root(root: &Map<String, Value>) -> Option<Self> {
        if let Some(error) = object(root, "error") {
            return Some(Self::new(error.get("code").and_then(code), message(error)));
        }
        let error = root.get("error").and_then(Value::as_str).filter(|error| !error.is_empty());
        match error {
            Some(error) => Some(Self::new(root.get("code").and_then(code), error.to_owned())),
            None => Self::of_code(root),
        }
    }

    /// What the `code` of one layer complains of.
    pub(super) fn of_code(layer: &Map<String, Value>) -> Option<Self> {
        match layer.get("code").and_then(code)? {
            Code::Fine => None,
            bad => Some(Self::new(Some(bad), message(layer))),
        }
    }

    /// An answer that is no JSON object.
    pub(super) fn not_json(body: &[u8]) -> Self {
        let head = &body[..body.len().min(4096)];
        let words = String::from_utf8_lossy(head);
        let is_text = !words.chars().any(|c| c.is_control() && !c.is_whitespace())
            && words.matches(char::REPLACEMENT_CHARACTER).count() < 4;
        let message = match brief(&words).as_str() {
            "" => "an empty answer".to_owned(),
            _ if !is_text => format!("{} bytes that are no text", body.len()),
            words => format!("not a JSON object: {words}"),
        };
        Self { message, ..Self::default() }
    }

    /// A JSON response in which only the HTTP status is an error.
    pub(super) fn of_status(root: &Map<String, Value>) -> Self {
        Self { message: told(&message(root)), parsed: true, ..Self::default() }
    }

    fn new(code: Option<Code>, words: String) -> Self {
        let (number, word) = match code {
            Some(Code::Number(number)) => (Some(number), None),
            Some(Code::Word(word)) => (None, Some(word)),
            Some(Code::Fine) | None => (None, None),
        };
        let inner = if number.is_none() { inner_number(&words, 3) } else { None };
        let (number, words) = match inner {
            Some((code, inner_words)) => (Some(code), inner_words),
            None => (number, words),
        };
        Self { code: number, word, message: told(&words), parsed: true }
    }

    /// An error number without a known meaning.
    pub(super) fn is_unknown_number(&self) -> bool {
        match (self.code, &self.word) {
            (Some(code), _) => code::look_up(code).is_none() && !code::is_refusal_family(code),
            (None, Some(word)) => {
                word.contains(|c: char| c.is_ascii_digit()) && word.parse::<f64>().is_ok()
            }
            (None, None) => false,
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.word_is_one_of(BROKEN_WORDS)
    }

    pub(super) fn hides_number(&self) -> bool {
        self.code.is_none() && self.word_is_one_of(NUMBER_LOST)
    }

    pub(super) fn word_is_one_of(&self, words: &[&str]) -> bool {
        self.word.as_deref().is_some_and(|word| words.contains(&word))
    }

    /// Whether it speaks of money: quota and balance answers have no documented code.
    pub(super) fn is_about_money(&self) -> bool {
        let word = self.word.as_deref().unwrap_or_default();
        let said = self.message.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        word.contains("quota")
            || word.contains("balance")
            || (self.parsed && says(FUNDS) && says(SPENT) && !says(RATE))
    }
}

fn told(words: &str) -> String {
    if words.trim().is_empty() { NO_REASON.to_owned() } else { brief(words) }
}

fn message(map: &Map<String, Value>) -> String {
    ["message", "msg"].iter().find_map(|key| map.get(*key).and_then(text)).unwrap_or_default()
}

/// `Fine` for 0, 200, "success" and an empty value; otherwise the error number or error code.
fn code(value: &Value) -> Option<Code> {
    match value {
        Value::Number(number) => Some(fine_or_not(&number.to_string())),
        Value::String(word) => Some(fine_or_not(word.trim())),
        _ => None,
    }
}

fn fine_or_not(word: &str) -> Code {
    match whole(word) {
        Some(number) => fine_or_number(number),
        None => fine_or_word(word.to_ascii_lowercase()),
    }
}

/// `1303`, `1303.0` and `1.303e3`; none where something would be cut off.
fn whole(word: &str) -> Option<i64> {
    let of_float = || {
        let float = word.parse::<f64>().ok()?;
        (float.fract() == 0.0 && float.abs() < 1e15).then_some(float as i64)
    };
    word.parse().ok().or_else(of_float)
}

fn fine_or_number(number: i64) -> Code {
    if number == 0 || number == 200 { Code::Fine } else { Code::Number(number) }
}

fn fine_or_word(word: String) -> Code {
    match word.as_str() {
        "" | "success" | "succeed" | "ok" => Code::Fine,
        _ => Code::Word(word),
    }
}

/// Kling's number from a message that is (or holds) the raw upstream answer as JSON text.
fn inner_number(words: &str, depth: u8) -> Option<(i64, String)> {
    let (start, end) = (words.find('{')?, words.rfind('}')?);
    let inner = number::json(words.get(start..=end)?).ok()?;
    let inner = inner.as_object()?;
    let inner = object(inner, "error").unwrap_or(inner);
    let said = message(inner);
    match inner.get("code").and_then(code) {
        Some(Code::Number(number)) => Some((number, said)),
        _ if depth > 0 => inner_number(&said, depth - 1),
        _ => None,
    }
}
