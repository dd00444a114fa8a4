//! The network: sends one request and returns its response, or how the request failed.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;

/// The two methods the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
}

impl Method {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One request, ready to be sent. A body is JSON.
#[derive(Clone)]
pub struct HttpRequest {
    pub method: Method,
    pub url: String,
    /// Sent as `Authorization: Bearer`.
    pub bearer: SecretString,
    pub body: Option<Bytes>,
}

/// One answer, of any status, its body read to the end.
#[derive(Clone, Default)]
pub struct HttpResponse {
    pub status: u16,
    pub content_type: Option<String>,
    /// The `Retry-After` header, in seconds.
    pub retry_after: Option<String>,
    pub body: Bytes,
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No byte of the request left: safe to send again.
    #[error("not sent: {0}")]
    NotSent(String),
    /// Anything after that, timeouts included: the server may have acted.
    #[error("answer lost: {0}")]
    Lost(String),
}

/// Carries one request to the provider, exactly once: it never repeats and never redirects.
#[async_trait]
pub trait Transport: Send + Sync {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError>;
}

// Bodies hold prompts and whole pictures: only their length is shown.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
