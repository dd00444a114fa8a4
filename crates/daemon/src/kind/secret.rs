//! Secrets, which are never shown.

use ::config::ValueKind;
use secrecy::SecretString;

use super::Kind;
use super::raw::{text, texts};

/// Shown in place of a secret.
const REDACTED: &str = "***";

#[derive(Debug)]
pub(crate) struct Secret;

impl Kind for Secret {
    type Value = SecretString;

    fn wanted(&self) -> String {
        "one word without spaces".into()
    }

    fn read(&self, raw: &ValueKind) -> Result<SecretString, String> {
        word(text(raw)?)
    }

    fn shown(&self, _: &SecretString) -> String {
        REDACTED.into()
    }

    fn is_secret(&self) -> bool {
        true
    }
}

/// At most this many.
#[derive(Debug)]
pub(crate) struct Secrets(pub(crate) usize);

impl Kind for Secrets {
    type Value = Vec<SecretString>;

    fn wanted(&self) -> String {
        let most = self.0;
        format!(
            "a list of at most {most} words without spaces (in a variable, separated by commas)"
        )
    }

    fn read(&self, raw: &ValueKind) -> Result<Vec<SecretString>, String> {
        let secrets: Vec<_> = texts(raw)?.into_iter().map(word).collect::<Result<_, _>>()?;
        match secrets.len() > self.0 {
            true => Err(format!("holds {} secrets", secrets.len())),
            false => Ok(secrets),
        }
    }

    fn shown(&self, value: &Vec<SecretString>) -> String {
        vec![REDACTED; value.len()].join(", ")
    }

    fn is_secret(&self) -> bool {
        true
    }

    fn is_list(&self) -> bool {
        true
    }

    fn placeholder(&self) -> String {
        "[\"32-random-bytes-in-hex\"]".to_owned()
    }
}

fn word(text: &str) -> Result<SecretString, String> {
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("holds a space, a line break or a control character".into());
    }
    Ok(text.into())
}
