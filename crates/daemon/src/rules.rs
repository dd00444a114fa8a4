//! Rules about several keys.

mod accounts;
mod breach;
mod money;
mod slots;

use std::path::PathBuf;

use secrecy::ExposeSecret;

use self::breach::Breach;
use crate::choice::LookUp;
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::problem::Problem;
use crate::reader::Reader;

struct Rule {
    /// The rule is skipped if one of these could not be read.
    keys: &'static [&'static str],
    breach: fn(&Config) -> Option<Breach>,
}

const BROKER: &str = "broker.url";
const LEDGER: &str = "ledger.url";
const LEDGER_CA: &str = "ledger.ca_file";
const LEDGER_CERT: &str = "ledger.client_cert_file";
const LEDGER_KEY: &str = "ledger.client_key_file";
const BROKER_CA: &str = "broker.ca_file";
const BROKER_CERT: &str = "broker.client_cert_file";
const BROKER_KEY: &str = "broker.client_key_file";
const NAMESPACE: &str = "broker.namespace";
const TRUST: &str = "kling.trust_denials";
const LOOK_UP: &str = "kling.look_up";
const REFUSALS: &str = "kling.refusal_codes";
const BUSY: &str = "kling.busy_codes";
const CALLBACK: &str = "gateway.callback_url";
const SECRETS: &str = "gateway.callback_secrets";
const LISTEN: &str = "gateway.listen";
const KLING_API: &str = "gateway.kling_api";
const JOBS_API: &str = "gateway.jobs_api";
const CONSOLE: &str = "gateway.console";
const KEYS_FILE: &str = "gateway.keys_file";

static RULES: [Rule; 13] = [
    Rule { keys: &[BROKER, LEDGER], breach: together },
    Rule { keys: &[BROKER_CERT, BROKER_KEY], breach: broker_paired },
    Rule { keys: &[LEDGER_CERT, LEDGER_KEY], breach: ledger_paired },
    Rule { keys: &[BROKER, BROKER_CA, BROKER_CERT], breach: broker_unencrypted },
    Rule { keys: &[LEDGER, LEDGER_CA, LEDGER_CERT], breach: ledger_unencrypted },
    Rule { keys: &[TRUST, LOOK_UP], breach: trusted },
    Rule { keys: &[CALLBACK, SECRETS], breach: signed },
    Rule { keys: &[SECRETS], breach: guessable },
    Rule { keys: &[LISTEN, KLING_API, JOBS_API, KEYS_FILE, CALLBACK], breach: without_keys },
    Rule { keys: &[REFUSALS], breach: refusals },
    Rule { keys: &[BUSY], breach: busy },
    Rule { keys: &[REFUSALS, BUSY], breach: both },
    Rule { keys: &[NAMESPACE], breach: reserved },
];

pub(crate) fn broken(config: &Config, reader: &Reader<'_>) -> Vec<Problem> {
    let applicable = RULES.iter().filter(|rule| reader.could_read(rule.keys));
    let breaches = applicable.filter_map(|rule| (rule.breach)(config));
    let slots = reader.could_read(slots::KEYS).then(|| slots::breaches(config));
    let of_money = reader.could_read(money::KEYS).then(|| money::breaches(config));
    let several = slots.into_iter().chain(of_money).flatten();
    let problem = |Breach { key, message, hint }| {
        Problem::of_key(key, reader.source(key), message).hint(hint)
    };
    breaches.chain(several).map(problem).chain(accounts::problems(config, reader)).collect()
}

fn together(config: &Config) -> Option<Breach> {
    let (broker, ledger) = (&config.broker.url, &config.ledger.url);
    (broker.is_embedded() != ledger.is_embedded()).then(|| Breach {
        key: LEDGER,
        message: format!("is {ledger} while {BROKER} is {broker}"),
        hint: "both are embedded, or neither",
    })
}

/// Whoever reaches it can spend money.
fn without_keys(config: &Config) -> Option<Breach> {
    let gateway = &config.gateway;
    let callback = gateway.callback_url.as_ref().map(|url| format!("{CALLBACK} is {url}"));
    let listens = || format!("{LISTEN} is {}", gateway.listen);
    let needs_none = gateway.serves() && gateway.keys_file.is_none();
    (needs_none && !gateway.is_private()).then(|| Breach {
        key: match (gateway.kling_api, gateway.jobs_api) {
            (true, _) => KLING_API,
            (false, true) => JOBS_API,
            (false, false) => CONSOLE,
        },
        message: format!(
            "is true while {}, which others can reach",
            callback.filter(|_| gateway.listen.ip().is_loopback()).unwrap_or_else(listens)
        ),
        hint: "set gateway.keys_file, or serve clients in a process that only this machine reaches",
    })
}

fn broker_paired(config: &Config) -> Option<Breach> {
    let broker = &config.broker;
    let files = (&broker.client_cert_file, &broker.client_key_file);
    paired((BROKER_CERT, files.0), (BROKER_KEY, files.1))
}

fn ledger_paired(config: &Config) -> Option<Breach> {
    let ledger = &config.ledger;
    let files = (&ledger.client_cert_file, &ledger.client_key_file);
    paired((LEDGER_CERT, files.0), (LEDGER_KEY, files.1))
}

/// Each file with its key.
type File<'a> = (&'static str, &'a Option<PathBuf>);

fn paired((cert, cert_file): File<'_>, (key, key_file): File<'_>) -> Option<Breach> {
    let (key, missing) = match (cert_file, key_file) {
        (Some(_), None) => (cert, key),
        (None, Some(_)) => (key, cert),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    let message = format!("is set while {missing} is not");
    Some(Breach { key, message, hint: "a certificate needs its key: set both, or neither" })
}

fn broker_unencrypted(config: &Config) -> Option<Breach> {
    let broker = &config.broker;
    let files = [(BROKER_CA, &broker.ca_file), (BROKER_CERT, &broker.client_cert_file)];
    let hint = "write amqps://, usually with port 5671";
    unencrypted((BROKER, &broker.url), &["amqps"], files, hint)
}

fn ledger_unencrypted(config: &Config) -> Option<Breach> {
    let ledger = &config.ledger;
    let files = [(LEDGER_CA, &ledger.ca_file), (LEDGER_CERT, &ledger.client_cert_file)];
    let hint = "write rediss:// (or rediss+sentinel://, rediss+cluster://)";
    unencrypted((LEDGER, &ledger.url), &["rediss", "valkeys"], files, hint)
}

/// Who names files for TLS expects an encrypted connection.
fn unencrypted(
    (name, endpoint): (&str, &Endpoint),
    encrypted: &[&str],
    files: [File<'_>; 2],
    hint: &'static str,
) -> Option<Breach> {
    let url = endpoint.url()?;
    let scheme = url.expose().split([':', '+', '-']).next().unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    let (key, _) = files.into_iter().find(|(_, file)| file.is_some())?;
    (!encrypted.contains(&scheme.as_str())).then(|| Breach {
        key,
        message: format!("is set while {name} is {url}, which is not encrypted"),
        hint,
    })
}

fn trusted(config: &Config) -> Option<Breach> {
    (config.kling.trust_denials && config.kling.look_up == LookUp::None).then(|| Breach {
        key: TRUST,
        message: format!("is true while {LOOK_UP} is none: nobody is asked"),
        hint: "set kling.look_up to auto, path, query or list",
    })
}

fn folded(codes: &[String]) -> impl Iterator<Item = String> {
    codes.iter().map(|code| code.trim().to_ascii_lowercase())
}

/// A success of the provider or of HTTP: read as an error, it would be paid again.
fn is_success(code: &str) -> bool {
    let number: Option<i64> = code.parse().ok();
    number.is_some_and(|number| (0..300).contains(&number))
        || matches!(code, "success" | "succeed" | "succeeded" | "ok")
}

/// Kling's codes for errors of the account or the request (API reference, error codes): repeating
/// the request does not help.
fn is_final(code: &str) -> bool {
    let number: Option<i64> = code.parse().ok();
    let known =
        |number| matches!(number, 1000..=1004 | 1100..=1103 | 1200..=1203 | 1300 | 1301 | 1304);
    number.is_some_and(known)
}

fn refusals(config: &Config) -> Option<Breach> {
    let success = folded(&config.kling.refusal_codes).find(|code| is_success(code))?;
    Some(Breach {
        key: REFUSALS,
        message: format!("names {success:?}, which is no error"),
        hint: "name the words or numbers under which the provider refuses a request",
    })
}

fn busy(config: &Config) -> Option<Breach> {
    let mut codes = folded(&config.kling.busy_codes);
    let wrong = codes.find(|code| is_success(code) || is_final(code))?;
    let message = match is_success(&wrong) {
        true => format!("names {wrong:?}, which is no error: a task may have been created"),
        false => format!("names {wrong:?}, Kling's number for what no repeat can mend"),
    };
    let hint = "name HTTP statuses from 300 to 599, or words and numbers that mean: send it later";
    Some(Breach { key: BUSY, message, hint })
}

fn both(config: &Config) -> Option<Breach> {
    let refusals: Vec<_> = folded(&config.kling.refusal_codes).collect();
    let code = folded(&config.kling.busy_codes).find(|code| refusals.contains(code))?;
    Some(Breach {
        key: BUSY,
        message: format!("names {code:?}, which {REFUSALS} names too"),
        hint: "an error is a refusal or means busy, not both",
    })
}

/// RabbitMQ reserves names that begin with `amq.`.
fn reserved(config: &Config) -> Option<Breach> {
    let namespace = &config.broker.namespace;
    (namespace == "amq" || namespace.starts_with("amq.")).then(|| Breach {
        key: NAMESPACE,
        message: format!("is {namespace:?}: RabbitMQ reserves names that begin with \"amq.\""),
        hint: "take another first word",
    })
}

/// A shorter secret can be guessed.
const LEAST_SECRET: usize = 8;

fn guessable(config: &Config) -> Option<Breach> {
    let mut secrets = config.gateway.callback_secrets.iter();
    secrets.any(|secret| secret.expose_secret().len() < LEAST_SECRET).then(|| Breach {
        key: SECRETS,
        message: format!("holds a secret of less than {LEAST_SECRET} bytes: it can be guessed"),
        hint: "take 32 random bytes, such as from `openssl rand -hex 32`",
    })
}

fn signed(config: &Config) -> Option<Breach> {
    let gateway = &config.gateway;
    (gateway.callback_url.is_some() && gateway.callback_secrets.is_empty()).then(|| Breach {
        key: CALLBACK,
        message: format!("is set while {SECRETS} is not: callbacks could not be told from forgeries"),
        hint: "set REELWORK_GATEWAY__CALLBACK_SECRETS, or REELWORK_GATEWAY__CALLBACK_SECRETS_FILE to a path",
    })
}
