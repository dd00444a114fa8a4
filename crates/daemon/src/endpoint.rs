//! Addresses of broker and ledger, which may contain a password.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::{ParseError, Url};

use crate::hosts;

/// Where the broker or the ledger is.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// The SQLite file at `embedded.path`.
    Embedded,
    Url(SecretUrl),
}

/// A URL that may contain a password: it is shown without user, query and fragment.
#[derive(Clone)]
pub struct SecretUrl {
    text: SecretString,
    redacted: String,
}

/// Why a text is not an endpoint. It never contains the text, which may have a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("is neither a URL nor the word embedded")]
    NotAUrl,
    #[error("is a URL of another scheme")]
    Scheme,
    #[error("names no host")]
    NoHost,
    #[error("names an empty host between two commas, or beside one")]
    EmptyHost,
    #[error("has a port that is not a number from 1 to 65535")]
    Port,
    #[error("names no socket")]
    NoPath,
    #[error("holds '@' after the host: in a password, write / ? # @ as %2F %3F %23 %40")]
    StrayAt,
    #[error("holds a # part, which would be ignored: in a password, write # as %23")]
    Fragment,
    #[error(
        "holds a ? part that would be ignored: an AMQP URL has heartbeat, connection_timeout, \
         channel_max, frame_max and auth_mechanism"
    )]
    Query,
}

/// The query parameters that an AMQP URL may have.
const AMQP_QUERY: [&str; 5] =
    ["heartbeat", "connection_timeout", "channel_max", "frame_max", "auth_mechanism"];

impl Endpoint {
    pub(crate) fn parse(text: &str, schemes: &[&str]) -> Result<Self, EndpointError> {
        if text == "embedded" {
            return Ok(Self::Embedded);
        }
        SecretUrl::parse(text, schemes).map(Self::Url)
    }

    pub const fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded)
    }

    /// `None` when embedded.
    pub const fn url(&self) -> Option<&SecretUrl> {
        match self {
            Self::Embedded => None,
            Self::Url(url) => Some(url),
        }
    }
}

/// `embedded`, or the URL redacted.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Url(url) => url.fmt(f),
        }
    }
}

impl SecretUrl {
    fn parse(text: &str, schemes: &[&str]) -> Result<Self, EndpointError> {
        let texts = match has_several(text) {
            true => hosts::each(text),
            false => vec![text.to_owned()],
        };
        let several = texts.len() > 1;
        let urls = texts.iter().map(|text| checked(text, schemes));
        let urls: Vec<Url> = urls.collect::<Result<_, _>>().map_err(|error| match error {
            EndpointError::NoHost if several => EndpointError::EmptyHost,
            error => error,
        })?;
        Ok(Self { redacted: redacted(&urls), text: text.into() })
    }

    /// The whole URL, to connect with.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted)
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({})", self.redacted)
    }
}

/// The nodes of a broker, sentinels, or nodes of a Redis Cluster.
fn has_several(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.starts_with("amqp") || scheme.ends_with("sentinel") || scheme.ends_with("cluster")
}

fn checked(text: &str, schemes: &[&str]) -> Result<Url, EndpointError> {
    let url = Url::parse(text).map_err(|error| unreadable(text, error))?;
    if !schemes.contains(&url.scheme()) {
        return Err(EndpointError::Scheme);
    }
    // `amqp://user:12/34@host` parses with half of the password as the path.
    if has_stray_at(&url) {
        return Err(EndpointError::StrayAt);
    }
    let socket = url.scheme().ends_with("unix");
    if socket && url.path().trim_matches('/').is_empty() {
        return Err(EndpointError::NoPath);
    }
    if !socket && url.host_str().is_none_or(str::is_empty) {
        return Err(EndpointError::NoHost);
    }
    if url.port() == Some(0) {
        return Err(EndpointError::Port);
    }
    if matches!(url.scheme(), "amqp" | "amqps") {
        nothing_ignored(&url)?;
    }
    Ok(url)
}

/// In `amqp://user:pa/ss@host` the host ends at the first `/ ? #` of the password, and the text
/// before that is taken for a port.
fn unreadable(text: &str, error: ParseError) -> EndpointError {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    match (rest.split_once(['/', '?', '#']), error) {
        (Some((_, tail)), _) if tail.contains('@') => EndpointError::StrayAt,
        (_, ParseError::InvalidPort) => EndpointError::Port,
        (_, ParseError::EmptyHost) => EndpointError::NoHost,
        _ => EndpointError::NotAUrl,
    }
}

fn nothing_ignored(url: &Url) -> Result<(), EndpointError> {
    if url.fragment().is_some() {
        return Err(EndpointError::Fragment);
    }
    match url.query_pairs().all(|(name, _)| AMQP_QUERY.contains(&name.as_ref())) {
        true => Ok(()),
        false => Err(EndpointError::Query),
    }
}

fn has_stray_at(url: &Url) -> bool {
    [Some(url.path()), url.query(), url.fragment()]
        .into_iter()
        .flatten()
        .any(|part| part.contains('@'))
}

/// All URLs are alike but for their hosts.
fn redacted(urls: &[Url]) -> String {
    let Some(url) = urls.first() else { return String::new() };
    let userinfo = !url.username().is_empty() || url.password().is_some();
    let hosts: Vec<String> = urls.iter().map(authority).collect();
    [
        url.scheme(),
        "://",
        if userinfo { "***@" } else { "" },
        &hosts.join(","),
        url.path(),
        if url.query().is_some() { "?***" } else { "" },
        if url.fragment().is_some() { "#***" } else { "" },
    ]
    .concat()
}

fn authority(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMES: &[&str] =
        &["amqp", "amqps", "redis", "redis+unix", "unix", "redis+sentinel", "redis+cluster"];

    fn shown(text: &str) -> String {
        Endpoint::parse(text, SCHEMES).unwrap().to_string()
    }

    #[test]
    fn a_password_is_kept_for_the_connection_and_hidden_from_eyes() {
        let text = "amqp://ann:p%40ss-canary@mq.example:5673/%2f?heartbeat=canary";
        let endpoint = Endpoint::parse(text, SCHEMES).unwrap();
        assert_eq!(endpoint.url().unwrap().expose(), text);
        assert_eq!(endpoint.to_string(), "amqp://***@mq.example:5673/%2f?***");
        assert!(!format!("{endpoint:?}").contains("canary"));
        let several = "amqp://ann:p,canary@mq1,mq2:5673/v?heartbeat=3";
        assert_eq!(shown(several), "amqp://***@mq1,mq2:5673/v?***");
        let sentinels = "redis+sentinel://ann:canary@a:26379,b/mymaster";
        assert_eq!(shown(sentinels), "redis+sentinel://***@a:26379,b/mymaster");
    }

    #[test]
    fn what_holds_no_secret_is_shown_whole() {
        for text in [
            "embedded",
            "redis://127.0.0.1:6379/3",
            "amqp://[::1]:5672",
            "amqp://mq1:5673,mq2,[::1]:5672/video",
            "unix:///run/redis.sock",
            "redis+cluster://a:7000,b:7001",
            "redis+sentinel://a:26379,b,[::1]:26380/mymaster/2",
        ] {
            assert_eq!(shown(text), text);
        }
        assert!(Endpoint::parse("embedded", SCHEMES).unwrap().is_embedded());
    }

    #[test]
    fn an_address_that_could_not_work_or_would_leak_is_refused() {
        for (text, error) in [
            ("", EndpointError::NotAUrl),
            ("localhost", EndpointError::NotAUrl),
            ("Embedded", EndpointError::NotAUrl),
            ("http://h", EndpointError::Scheme),
            ("localhost:5672", EndpointError::Scheme),
            ("amqp:///vhost", EndpointError::NoHost),
            ("unix://", EndpointError::NoPath),
            ("amqp://user:12/34@host", EndpointError::StrayAt),
            ("amqp://user:12#34@host", EndpointError::StrayAt),
            ("amqp://user:12?34@host", EndpointError::StrayAt),
            ("amqp://user:ab/cd@host", EndpointError::StrayAt),
            ("amqp://user:ab#cd@host/x", EndpointError::StrayAt),
            ("redis://user:ab?cd@host:6379", EndpointError::StrayAt),
            ("redis://:ab#cd@host:6379", EndpointError::StrayAt),
            ("amqp://user:ab@cd:host", EndpointError::Port),
            ("amqp://h:70000", EndpointError::Port),
            ("amqp://h:0", EndpointError::Port),
            ("amqp://h1:5672,h2:x/v", EndpointError::Port),
            ("amqp://user:x@h1,,h2/v", EndpointError::EmptyHost),
            ("amqp://h1,", EndpointError::EmptyHost),
            ("amqp://h1,user:x/12@h2", EndpointError::StrayAt),
            ("redis+cluster://", EndpointError::NoHost),
            ("redis+cluster://a:1,", EndpointError::EmptyHost),
            ("redis+cluster://a:1,b:x", EndpointError::Port),
            ("redis+cluster://user:12/34@a:1,b:2", EndpointError::StrayAt),
            ("redis+sentinel://user:ab#cd@a,b/m", EndpointError::StrayAt),
            ("redis://a:1,b:2", EndpointError::Port),
            ("amqp://h/v#part", EndpointError::Fragment),
            ("amqp://h/v?hearbeat=3", EndpointError::Query),
            ("amqps://h/v?heartbeat=3&verify=verify_none", EndpointError::Query),
        ] {
            assert_eq!(Endpoint::parse(text, SCHEMES).err(), Some(error), "{text}");
        }
    }
}
