//! The address that a client wants to be called at.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longer than any address in use, and short enough to be kept with each job.
pub const MAX_WEBHOOK_URL_BYTES: usize = 2048;

/// Its path and its query may give access to the client's system, so it is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookUrl(String);

/// Without the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an http or https URL of 1 to {MAX_WEBHOOK_URL_BYTES} bytes without spaces is needed")]
pub struct BadWebhookUrl;

impl WebhookUrl {
    /// Only its form: whether it may be called is decided by who calls it.
    pub fn new(url: impl Into<String>) -> Result<Self, BadWebhookUrl> {
        let url = url.into();
        let is_http = url.starts_with("https://") || url.starts_with("http://");
        let is_plain = !url.contains(|c: char| c.is_whitespace() || c.is_control());
        match is_http && is_plain && url.len() <= MAX_WEBHOOK_URL_BYTES {
            true => Ok(Self(url)),
            false => Err(BadWebhookUrl),
        }
    }

    /// The host, in lower case: the only part that may be shown. Empty if there is none.
    pub fn host(&self) -> String {
        let behind = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let authority = behind.split(['/', '\\', '?', '#']).next().unwrap_or_default();
        let place = authority.rsplit('@').next().unwrap_or_default();
        let host = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address,
            None => place.split(':').next().unwrap_or_default(),
        };
        host.to_ascii_lowercase()
    }

    /// For the request itself; never for a log or a page.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookUrl(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_all_that_is_shown() {
        for (url, host) in [
            ("https://Client.Example/canary?x=canary", "client.example"),
            ("https://client.example:8443#canary", "client.example"),
            ("http://canary:canary@client.example", "client.example"),
            ("https://client.example\\@canary/", "client.example"),
            ("https://[::1]:80/canary", "::1"),
            ("https://", ""),
        ] {
            assert_eq!(WebhookUrl::new(url).unwrap().host(), host, "{url}");
        }
    }

    #[test]
    fn an_address_is_never_shown() {
        let url = WebhookUrl::new("https://host/hook?token=canary").unwrap();
        assert_eq!(format!("{url:?}"), "WebhookUrl(***)");
        let long = format!("https://host/{}", "x".repeat(MAX_WEBHOOK_URL_BYTES));
        for bad in ["", "ftp://host/", "//host", "https://a b/", "https://a/\n", &long] {
            let error = WebhookUrl::new(bad).unwrap_err().to_string();
            assert!(bad.is_empty() || !error.contains(bad));
        }
    }
}
