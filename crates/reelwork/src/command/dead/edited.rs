//! A letter in other words.

use std::collections::BTreeMap;
use std::path::Path;

use operator::Letter;
use serde_json::value::{RawValue, to_raw_value};

use crate::cli::Edit;
use crate::error::Error;

/// Fields of a JSON object; numbers keep all their digits.
type Fields = BTreeMap<String, Box<RawValue>>;

/// What replaces the letter, as it was given.
pub(super) struct Changes {
    request: Option<Box<RawValue>>,
    set: Vec<(String, String)>,
    message: Option<Fields>,
    new_id: Option<String>,
}

impl Changes {
    /// Reads the files.
    pub(super) fn of(options: Edit) -> Result<Self, Error> {
        let Edit { request, set, message, new_id, .. } = options;
        let request = request.map(|file| json(&file)).transpose()?;
        let message = message.map(|file| fields_of(&json(&file)?)).transpose()?;
        Ok(Self { request, set, message, new_id })
    }

    /// The message of the edited job.
    pub(super) fn message(self, letter: &Letter) -> Result<Vec<u8>, Error> {
        let mut message = match self.message {
            Some(message) => message,
            None => own(letter)?,
        };
        if let Some(request) = self.request {
            message.insert("request".to_owned(), request);
        }
        if !self.set.is_empty() {
            let request = message.get("request").map(|request| fields_of(request)).transpose()?;
            let mut request = request.unwrap_or_default();
            self.set.into_iter().for_each(|(name, text)| set(&mut request, name, text));
            message.insert("request".to_owned(), raw(&request)?);
        }
        if let Some(id) = self.new_id {
            message.insert("id".to_owned(), raw(&id)?);
        }
        // The id of the letter may be a property of its message.
        match (message.contains_key("id"), letter.key()) {
            (true, _) => {}
            (false, Some(key)) => drop(message.insert("id".to_owned(), raw(key.id.as_str())?)),
            (false, None) => {
                return Err(Error::Usage(
                    "the message has no id: give it one with --id".to_owned(),
                ));
            }
        }
        serde_json::to_vec(&message).map_err(|error| Error::Other(error.to_string()))
    }
}

fn own(letter: &Letter) -> Result<Fields, Error> {
    let body = &letter.delivery.message.body;
    serde_json::from_slice(body).map_err(|error| {
        let name = &letter.name;
        Error::Usage(format!("letter {name} is no job ({error}): give a whole one with --message"))
    })
}

/// JSON text with all its digits; other text becomes a string.
fn set(request: &mut Fields, name: String, text: String) {
    let value = RawValue::from_string(text.clone()).or_else(|_| to_raw_value(&text));
    if let Ok(value) = value {
        request.insert(name, value);
    }
}

fn raw(value: &(impl serde::Serialize + ?Sized)) -> Result<Box<RawValue>, Error> {
    to_raw_value(value).map_err(|error| Error::Other(error.to_string()))
}

fn fields_of(json: &RawValue) -> Result<Fields, Error> {
    let object = serde_json::from_str(json.get());
    object.map_err(|error| Error::Usage(format!("expected a JSON object: {error}")))
}

fn json(file: &Path) -> Result<Box<RawValue>, Error> {
    let text = match file == Path::new("-") {
        true => std::io::read_to_string(std::io::stdin().lock()),
        false => std::fs::read_to_string(file),
    };
    let wrong = |error: String| Error::Usage(format!("{}: {error}", file.display()));
    let text = text.map_err(|error| wrong(error.to_string()))?;
    RawValue::from_string(text).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json_with_its_digits_or_text() {
        let mut request = Fields::new();
        for (name, text) in
            [("a", "1234567890123456789012"), ("b", "a cat"), ("c", r#"{"x": [1]}"#), ("a", "0.50")]
        {
            set(&mut request, name.to_owned(), text.to_owned());
        }
        let text = serde_json::to_string(&request).unwrap();
        assert_eq!(text, r#"{"a":0.50,"b":"a cat","c":{"x": [1]}}"#);
    }
}
