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
    let rules = [
        together(values),
        trusted(values),
        signed(values),
        guessable(values),
        refusals(values),
        busy(values),
        both(values),
        reserved(values),
    ];
    rules.into_iter().flatten().collect()
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

const REFUSALS: &str = "kling.refusal_codes";
const BUSY: &str = "kling.busy_codes";

fn codes(values: &Values, key: &str) -> Vec<String> {
    let codes: Option<Vec<String>> = values.get(key);
    codes.unwrap_or_default().iter().map(|code| code.trim().to_ascii_lowercase()).collect()
}

/// A success, in the provider's own words or in HTTP's: read as an error, it would be paid again.
fn is_success(code: &str) -> bool {
    let number: Option<i64> = code.parse().ok();
    number.is_some_and(|number| (0..300).contains(&number))
        || matches!(code, "success" | "succeed" | "succeeded" | "ok")
}

/// Kling's numbers about the account or the request (API reference, error codes): repeating the
/// request does not help.
fn is_final(code: &str) -> bool {
    let number: Option<i64> = code.parse().ok();
    let known =
        |number| matches!(number, 1000..=1004 | 1100..=1103 | 1200..=1203 | 1300 | 1301 | 1304);
    number.is_some_and(known)
}

fn refusals(values: &Values) -> Option<Breach> {
    let success = codes(values, REFUSALS).into_iter().find(|code| is_success(code))?;
    Some(Breach {
        key: REFUSALS,
        message: format!("names {success:?}, which is no error"),
        hint: "name the words or numbers under which the provider refuses a request",
    })
}

fn busy(values: &Values) -> Option<Breach> {
    let wrong = codes(values, BUSY).into_iter().find(|code| is_success(code) || is_final(code))?;
    let message = match is_success(&wrong) {
        true => format!("names {wrong:?}, which is no error: a task may have been created"),
        false => format!("names {wrong:?}, Kling's number for what no repeat can mend"),
    };
    let hint = "name HTTP statuses from 300 to 599, or words and numbers that mean: send it later";
    Some(Breach { key: BUSY, message, hint })
}

fn both(values: &Values) -> Option<Breach> {
    let refusals = codes(values, REFUSALS);
    let code = codes(values, BUSY).into_iter().find(|code| refusals.contains(code))?;
    Some(Breach {
        key: BUSY,
        message: format!("names {code:?}, which {REFUSALS} names too"),
        hint: "an error is a refusal or means busy, not both",
    })
}

/// RabbitMQ keeps names that begin with `amq.` for itself.
fn reserved(values: &Values) -> Option<Breach> {
    const KEY: &str = "broker.namespace";
    let namespace: String = values.get(KEY)?;
    (namespace == "amq" || namespace.starts_with("amq.")).then(|| Breach {
        key: KEY,
        message: format!("is {namespace:?}: RabbitMQ reserves names that begin with \"amq.\""),
        hint: "take another first word",
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
