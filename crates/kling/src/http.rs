//! The real transport.

use std::error::Error as _;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER,
};
use secrecy::ExposeSecret;
use tls::{Refusal, Section};
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::encoded;
use crate::transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};

/// How the real transport behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// For name look-up, TCP and TLS together. Kept below `total_timeout`.
    pub connect_timeout: Duration,
    /// From the first step to the last byte of the answer.
    pub total_timeout: Duration,
    /// Idle connections kept per host; more than are needed cost throughput.
    pub max_idle: usize,
    /// Shorter than the idle timeout of servers, so that a request is seldom sent on a closing
    /// connection.
    pub idle_timeout: Duration,
    /// An answer longer than this is lost.
    pub max_body_bytes: usize,
    pub user_agent: String,
    /// A PEM file with certificates of authorities that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(60),
            max_idle: 64,
            idle_timeout: Duration::from_secs(20),
            max_body_bytes: 16 * 1024 * 1024,
            user_agent: concat!("reelwork/", env!("CARGO_PKG_VERSION")).to_owned(),
            ca_file: None,
        }
    }
}

/// The transport could not be built: TLS, its file, or the user agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot build the HTTP transport: {cause}")]
pub struct HttpSetupError {
    pub cause: String,
}

/// Sends over HTTP/1.1 and TLS (rustls with aws-lc-rs). Redirects are answers, never followed.
/// The proxy variables of the environment are honoured, except for loopback addresses.
#[derive(Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    /// Without a proxy, for loopback addresses.
    direct: reqwest::Client,
    max_body_bytes: usize,
}

impl HttpTransport {
    /// Blocking: it reads `ca_file`.
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpSetupError> {
        let extra = settings.ca_file.as_deref().map_or(Ok(Vec::new()), authorities)?;
        let built = |builder: reqwest::ClientBuilder| {
            let builder = builder.tls_certs_merge(extra.clone());
            builder.build().map_err(|error| HttpSetupError { cause: causes(&error) })
        };
        Ok(Self {
            client: built(builder(settings))?,
            direct: built(builder(settings).no_proxy())?,
            max_body_bytes: settings.max_body_bytes,
        })
    }

    fn client_for(&self, url: &str) -> &reqwest::Client {
        if is_loopback(url) { &self.direct } else { &self.client }
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes, TransportError> {
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > self.max_body_bytes {
                let limit = self.max_body_bytes;
                return Err(TransportError::Lost(format!("the answer is over {limit} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

// A proxy address may hold a password: nothing of the inner clients is shown.
impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

fn authorities(path: &Path) -> Result<Vec<reqwest::Certificate>, HttpSetupError> {
    let read = tls::certificates(path).map_err(|cause| HttpSetupError { cause })?;
    let found = read.content.iter().map(|one| reqwest::Certificate::from_der(one));
    let found: reqwest::Result<Vec<_>> = found.collect();
    found.map_err(|error| HttpSetupError { cause: causes(&error) })
}

fn builder(settings: &HttpSettings) -> reqwest::ClientBuilder {
    // The connect timeout must end first: it distinguishes "never connected" from "response lost".
    let connect_timeout = settings.connect_timeout.min(settings.total_timeout / 2);
    // `retry::never` stops reqwest. Below it hyper-util still moves a request to a new connection
    // if a pooled one closed before the request was taken from its queue: no byte of it was
    // written, so nothing can be sent twice.
    reqwest::Client::builder()
        .http1_only()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(connect_timeout)
        .timeout(settings.total_timeout)
        .pool_max_idle_per_host(settings.max_idle)
        .pool_idle_timeout(settings.idle_timeout)
        .user_agent(settings.user_agent.clone())
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let span = span(&request);
        let answer = self.exchange(request).instrument(span.clone()).await;
        tell(&span, &answer);
        answer
    }
}

impl HttpTransport {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut call = self
            .client_for(&request.url)
            .request(method, &request.url)
            .header(AUTHORIZATION, bearer(&request)?);
        if let Some(body) = request.body {
            call = call.header(CONTENT_TYPE, "application/json").body(body);
        }
        let response = call.send().await.map_err(failed)?;
        Ok(HttpResponse {
            status: response.status().as_u16(),
            content_type: header(response.headers(), &CONTENT_TYPE),
            retry_after: retry_after(response.headers()),
            body: {
                let encoding = header(response.headers(), &CONTENT_ENCODING);
                encoded::plain(self.read(response).await?, encoding.as_deref(), self.max_body_bytes)
                    .map_err(TransportError::Lost)?
            },
        })
    }
}

fn bearer(request: &HttpRequest) -> Result<HeaderValue, TransportError> {
    let value = format!("Bearer {}", request.bearer.expose_secret());
    let mut value = HeaderValue::from_str(&value)
        .map_err(|_| TransportError::NotSent("the API key cannot stand in a header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn header(headers: &HeaderMap, name: &reqwest::header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// In seconds. A date is counted from the server's own: its clock may differ from ours.
fn retry_after(headers: &HeaderMap) -> Option<String> {
    let text = header(headers, &RETRY_AFTER)?;
    let Ok(until) = httpdate::parse_http_date(text.trim()) else { return Some(text) };
    let date = header(headers, &DATE).and_then(|date| httpdate::parse_http_date(&date).ok());
    let left = until.duration_since(date.unwrap_or_else(SystemTime::now)).unwrap_or_default();
    Some(left.as_secs().to_string())
}

/// Only a request that could not be built or never had a connection is surely unsent. A pooled
/// connection that dies, or a timeout of any other kind, may have carried the request: lost.
fn failed(error: reqwest::Error) -> TransportError {
    if error.is_builder() || error.is_connect() {
        TransportError::NotSent(unreached(&error.without_url()))
    } else {
        lost(error)
    }
}

fn unreached(error: &reqwest::Error) -> String {
    match Refusal::of(error) {
        Some(refusal) => {
            format!("no connection to the provider: {}", refusal.explained(Section::Kling))
        }
        None => causes(error),
    }
}

fn lost(error: reqwest::Error) -> TransportError {
    TransportError::Lost(causes(&error.without_url()))
}

/// An error with the causes below it, on one line.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    text
}

/// The span for trace export (semantic conventions 1.44, HTTP client spans). Without the query of
/// the URL, which may contain private data.
fn span(request: &HttpRequest) -> Span {
    let method = request.method.as_str();
    tracing::debug_span!(
        "http",
        otel.name = method,
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = method,
        server.address = host(&request.url),
        url.full = request.url.split('?').next(),
        http.response.status_code = Empty,
        error.r#type = Empty,
    )
}

fn tell(span: &Span, answer: &Result<HttpResponse, TransportError>) {
    let trouble = match answer {
        Ok(response) => {
            span.record("http.response.status_code", response.status);
            (response.status >= 400).then(|| response.status.to_string())
        }
        Err(TransportError::NotSent(_)) => Some("not_sent".to_owned()),
        Err(TransportError::Lost(_)) => Some("lost".to_owned()),
    };
    if let Some(trouble) = trouble {
        span.record("otel.status_code", "error");
        span.record("error.type", trouble);
    }
}

fn host(url: &str) -> &str {
    let authority = url.split('/').nth(2).unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => authority.split(':').next(),
    };
    host.unwrap_or_default()
}

/// Whether the URL's host is this machine: a proxy has nothing to do there.
fn is_loopback(url: &str) -> bool {
    let host = host(url);
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in ["http://127.0.0.1:80/x", "http://localhost", "http://[::1]:8080/a"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in
            ["https://api.cometapi.com/x", "http://127.0.0.1.evil.example/", "http://10.0.0.1"]
        {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
