//! The client of the provider, from the configuration.

use std::sync::Arc;

use daemon::{Config, SecretString};
use kling::{Client, ErrorWords, HttpSettings, HttpSetupError, HttpTransport, Transport};
use tls::Files;

use crate::error::Error;
use crate::{crash, settings};

/// A client over the network.
pub(crate) fn client(config: &Config, key: SecretString) -> Result<Client, Error> {
    client_over(config, key, transport(config)?)
}

/// The same for an account of a record, with its own key and address.
pub(crate) fn client_of(config: &Config, account: &str) -> Result<Client, Error> {
    let config = settings::asked(config, account)?;
    let key = config.kling.require_api_key()?;
    client(&config, key)
}

/// The transport over the network.
pub(crate) fn transport(config: &Config) -> Result<Arc<dyn Transport>, Error> {
    let transport = http(config).map_err(|error| match &config.kling.ca_file {
        Some(_) => Error::Denied(format!("kling.ca_file: {}", error.cause)),
        None => Error::Other(error.to_string()),
    })?;
    Ok(crash::transport(Arc::new(transport)))
}

pub(crate) fn tls(config: &Config) -> Files {
    Files { ca_file: config.kling.ca_file.clone(), ..Files::default() }
}

fn http(config: &Config) -> Result<HttpTransport, HttpSetupError> {
    HttpTransport::new(&HttpSettings {
        connect_timeout: config.kling.connect_timeout,
        total_timeout: config.kling.timeout,
        ca_file: config.kling.ca_file.clone(),
        ..HttpSettings::default()
    })
}

pub(crate) fn client_over(
    config: &Config,
    key: SecretString,
    transport: Arc<dyn Transport>,
) -> Result<Client, Error> {
    let client = Client::new(transport, config.kling.base_url.as_str(), key)
        .map_err(|error| Error::Denied(format!("kling.base_url: {error}")))?;
    let words = ErrorWords::of_refusals(config.kling.refusal_codes.clone())
        .with_busy(config.kling.busy_codes.clone());
    Ok(client.with_error_words(words))
}
