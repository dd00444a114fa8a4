//! What calls the URLs of clients.

use std::str::FromStr;

use daemon::Config;
use webhooks::{Guard, Limits, Sender, Signer};

use crate::error::Error;

/// `None`: no client is called.
pub(crate) fn webhooks(config: &Config) -> Result<Option<Sender>, Error> {
    let signer = Signer::new(&config.webhooks.secrets)
        .map_err(|error| Error::Denied(format!("webhooks.secrets: {error}")))?;
    let guard = guard(config)?;
    let sender = signer.map(|signer| Sender::new(signer, guard, Limits::default())).transpose();
    sender.map_err(|error| Error::Denied(format!("webhooks: {error}")))
}

fn guard(config: &Config) -> Result<Guard, Error> {
    let webhooks = &config.webhooks;
    Ok(Guard {
        allow_networks: each("webhooks.allow_networks", &webhooks.allow_networks)?,
        allow_http: webhooks.allow_http,
        allow_ports: each("webhooks.allow_ports", &webhooks.allow_ports)?,
    })
}

fn each<T: FromStr<Err: std::fmt::Display>>(key: &str, texts: &[String]) -> Result<Vec<T>, Error> {
    let read = |text: &String| {
        text.trim().parse().map_err(|error| Error::Denied(format!("{key}: {text:?}: {error}")))
    };
    texts.iter().map(read).collect()
}
