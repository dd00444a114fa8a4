//! One attempt to call a client's URL.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use job::{WebhookAttempt, WebhookNext, WebhookUrl};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use url::Url;

use crate::guard::Guard;
use crate::resolver::{AddressDenied, GuardedResolver};
use crate::signature::Signer;

/// How much one attempt may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For name look-up, TCP and TLS together.
    pub connect: Duration,
    /// From the first step to the last byte of the answer that is read.
    pub total: Duration,
    /// The rest of a longer answer is not read.
    pub answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let (connect, total) = (Duration::from_secs(5), Duration::from_secs(15));
        Self { connect, total, answer_bytes: 64 * 1024 }
    }
}

/// The HTTP client could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot build the HTTP client: {0}")]
pub struct SetupError(String);

/// What is sent.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub url: &'a WebhookUrl,
    /// The same in each attempt.
    pub id: &'a str,
    pub body: Vec<u8>,
}

/// Makes attempts, and hears what is decided after each.
#[async_trait]
pub trait Calls: Send + Sync + 'static {
    async fn attempt(&self, call: Call<'_>) -> WebhookAttempt;

    /// For observers.
    fn decided(&self, _next: WebhookNext) {}
}

/// Signs and sends. It follows no redirect and uses no proxy.
#[derive(Clone)]
pub struct Sender {
    client: reqwest::Client,
    signer: Signer,
    guard: Arc<Guard>,
    limits: Limits,
}

impl Sender {
    pub fn new(signer: Signer, guard: Guard, limits: Limits) -> Result<Self, SetupError> {
        let guard = Arc::new(guard);
        let built = builder(&guard, limits).build();
        let client = built.map_err(|error| SetupError(error.to_string()))?;
        Ok(Self { client, signer, guard, limits })
    }

    pub fn guard(&self) -> &Guard {
        &self.guard
    }
}

#[async_trait]
impl Calls for Sender {
    async fn attempt(&self, call: Call<'_>) -> WebhookAttempt {
        // The client asks no resolver about a host that is an address.
        let Ok(url) = self.guard.check(call.url) else { return WebhookAttempt::UrlDenied };
        match self.send(url, call).await {
            Ok(attempt) => attempt,
            Err(error) if was_denied(&error) => WebhookAttempt::AddressDenied,
            Err(_) => WebhookAttempt::Unanswered,
        }
    }
}

impl Sender {
    async fn send(&self, url: Url, call: Call<'_>) -> reqwest::Result<WebhookAttempt> {
        let now = SystemTime::now();
        let timestamp = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", call.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", self.signer.sign(call.id, timestamp, &call.body))
            .body(call.body);
        let response = request.send().await?;
        let (status, retry_after) =
            (response.status().as_u16(), retry_after(response.headers(), now));
        self.finish(response).await;
        Ok(WebhookAttempt::Answered { status, retry_after })
    }

    /// A connection can be used again only if its answer was read. The status counts in any case.
    async fn finish(&self, mut response: reqwest::Response) {
        let mut left = self.limits.answer_bytes;
        while let Ok(Some(chunk)) = response.chunk().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    }
}

fn builder(guard: &Arc<Guard>, limits: Limits) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .http1_only()
        .no_proxy()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .dns_resolver(Arc::new(GuardedResolver { guard: guard.clone() }))
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        .pool_max_idle_per_host(2)
        .user_agent(concat!("reelwork/", env!("CARGO_PKG_VERSION")))
}

fn was_denied(error: &reqwest::Error) -> bool {
    let mut below: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = below {
        if cause.is::<AddressDenied>() {
            return true;
        }
        below = cause.source();
    }
    false
}

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).ok(),
    }
}
