//! Addresses.

use std::net::SocketAddr;

use ::config::ValueKind;
use url::Url;

use super::Kind;
use super::raw::{is_not, text};
use crate::endpoint::Endpoint;

/// Absolute, http or https, without any part that could be a secret.
#[derive(Debug)]
pub(crate) struct HttpUrl;

impl Kind for HttpUrl {
    type Value = Url;

    fn wanted(&self) -> String {
        "an http or https URL without user, query or fragment".into()
    }

    /// The message never contains the text, because it may have a user in it.
    fn read(&self, raw: &ValueKind) -> Result<Url, String> {
        let url = Url::parse(text(raw)?).map_err(|_| "is not a URL".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("is not an http or https URL".into());
        }
        if !url.username().is_empty() || url.password().is_some() || url.path().contains('@') {
            return Err("holds a user or a password".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("holds a query or a fragment".into());
        }
        Ok(url)
    }

    fn shown(&self, value: &Url) -> String {
        value.to_string()
    }

    fn placeholder(&self) -> String {
        "\"https://reelwork.example\"".to_owned()
    }
}

/// The word `embedded`, or a URL of one of these schemes, which may contain a password.
#[derive(Debug)]
pub(crate) struct EndpointUrl(pub(crate) &'static [&'static str]);

impl Kind for EndpointUrl {
    type Value = Endpoint;

    fn wanted(&self) -> String {
        format!("the word embedded, or a URL of the scheme {}", self.0.join(", "))
    }

    fn read(&self, raw: &ValueKind) -> Result<Endpoint, String> {
        Endpoint::parse(text(raw)?, self.0).map_err(|error| error.to_string())
    }

    fn shown(&self, value: &Endpoint) -> String {
        value.to_string()
    }

    fn is_secret(&self) -> bool {
        true
    }
}

#[derive(Debug)]
pub(crate) struct Address;

impl Kind for Address {
    type Value = SocketAddr;

    fn wanted(&self) -> String {
        "an IP address and a port, such as 127.0.0.1:8081".into()
    }

    fn read(&self, raw: &ValueKind) -> Result<SocketAddr, String> {
        let text = text(raw)?;
        text.parse().map_err(|_| is_not(text, "an address"))
    }

    fn shown(&self, value: &SocketAddr) -> String {
        value.to_string()
    }

    fn placeholder(&self) -> String {
        "\"127.0.0.1:9090\"".to_owned()
    }
}
