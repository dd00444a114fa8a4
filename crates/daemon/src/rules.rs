//! What must hold between keys. A rule is silent when one of its keys could not be read.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::choice::LookUp;
use crate::endpoint::Endpoint;
use crate::value::Values;

/// A broken rule, told at one of its keys.
pub(crate) struct Breach {
    pub(crate) key: &'static str,
    pub(crate) message: String,
    pub(crate) hint: &'static str,
}

pub(crate) fn breaches(values: &Values) -> Vec<Breach> {
    [together(values), trusted(values), signed(values), guessable(values)]
        .into_iter()
        .flatten()
        .collect()
}

fn together(values: &Values) -> Option<Breach> {
    let broker: Endpoint = values.get("broker.url")?;
    let ledger: Endpoint = values.get("ledger.url")?;
    (broker.is_embedded() != ledger.is_embedded()).then(|| Breach {
        key: "ledger.url",
        message: format!("is {ledger} while broker.url is {broker}"),
        hint: "both are embedded, or neither",
    })
}

fn trusted(values: &Values) -> Option<Breach> {
    let trust: bool = values.get("kling.trust_denials")?;
    let look_up: LookUp = values.get("kling.look_up")?;
    (trust && look_up == LookUp::None).then(|| Breach {
        key: "kling.trust_denials",
        message: "is true while kling.look_up is none: nobody is asked".into(),
        hint: "set kling.look_up to auto, path, query or list",
    })
}

/// Shorter ones can be guessed.
const LEAST_SECRET: usize = 8;

fn guessable(values: &Values) -> Option<Breach> {
    let secrets: Option<Vec<SecretString>> = values.get("gateway.callback_secrets")?;
    let short = |secret: &SecretString| secret.expose_secret().len() < LEAST_SECRET;
    secrets.unwrap_or_default().iter().any(short).then(|| Breach {
        key: "gateway.callback_secrets",
        message: format!("holds a secret of less than {LEAST_SECRET} bytes: it can be guessed"),
        hint: "take 32 random bytes, such as from `openssl rand -hex 32`",
    })
}

fn signed(values: &Values) -> Option<Breach> {
    let url: Option<Url> = values.get("gateway.callback_url")?;
    let secrets: Option<Vec<SecretString>> = values.get("gateway.callback_secrets")?;
    (url.is_some() && secrets.unwrap_or_default().is_empty()).then(|| Breach {
        key: "gateway.callback_url",
        message: "is set while gateway.callback_secrets is not: callbacks could not be told from forgeries".into(),
        hint: "set REELWORK_GATEWAY__CALLBACK_SECRETS, or REELWORK_GATEWAY__CALLBACK_SECRETS_FILE to a path",
    })
}
