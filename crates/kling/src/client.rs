//! One account at one provider address.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::{
    Created, ErrorWords, Task, can_be_asked_for, decode_created_with, decode_task_of, decode_tasks,
};
use crate::api_key::ApiKey;
use crate::base_url::{BaseUrl, BaseUrlError};
use crate::error::{QueryError, SubmitError};
use crate::redacted::without_key;
use crate::request::TaskRequest;
use crate::route::Route;
use crate::transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};

/// Everything but unreserved signs is encoded: ids are opaque and have held `=` and `/`.
const OPAQUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// No `Retry-After` is believed beyond this.
const LONGEST_RETRY_AFTER: u64 = 24 * 60 * 60;

/// Names no task anywhere.
const NO_TASK: &str = "reelwork-asks-nothing";

/// A client for one account. Clones share the transport and are cheap.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
    base_url: BaseUrl,
    key: ApiKey,
    words: Arc<ErrorWords>,
}

impl Client {
    /// A client for the account of this key. The address has no `/kling/v1`; a slash may end it.
    pub fn new(
        transport: Arc<dyn Transport>,
        base_url: &str,
        key: SecretString,
    ) -> Result<Self, BaseUrlError> {
        let (base_url, key) = (BaseUrl::parse(base_url)?, ApiKey::from(key));
        Ok(Self { transport, base_url, key, words: Arc::default() })
    }

    /// To replace the key of this client and of its clones.
    pub fn api_key(&self) -> ApiKey {
        self.key.clone()
    }

    /// Replaces the configured error codes of the gateway.
    #[must_use]
    pub fn with_error_words(self, words: ErrorWords) -> Self {
        Self { words: Arc::new(words), ..self }
    }

    /// Create a task. The body is sent as it is: [`validate`](crate::validate) it first.
    pub async fn submit<B: Serialize + Sync + ?Sized>(
        &self,
        route: Route,
        body: &B,
    ) -> Result<Created, SubmitError> {
        let replaced = self.key.replaced();
        let answer = self.post(route.path(), body).await?;
        let created = decode_created_with(answer.status, &answer.body, &self.words);
        let created = created.map_err(|error| error.after(retry_after(&answer)));
        match self.key.replaced() == replaced {
            true => created,
            false => created.map_err(SubmitError::of_old_key),
        }
    }

    /// Create a task from a typed request.
    pub async fn create<R: TaskRequest>(&self, request: &R) -> Result<Created, SubmitError> {
        self.submit(R::ROUTE, &body_of(request)?).await
    }

    /// Ask for one task by the provider's id.
    pub async fn query(&self, route: Route, task_id: &str) -> Result<Task, QueryError> {
        let replaced = self.key.replaced();
        let answer = self.get(&path_of(route, task_id)?).await?;
        let made = Some(route.resource());
        let task = decode_task_of(made, answer.status, &answer.body);
        let task = task.map_err(|error| error.after(retry_after(&answer)));
        let task = match self.key.replaced() == replaced {
            true => task?,
            false => task.map_err(QueryError::of_old_key)?,
        };
        if let Some(word) = &task.unknown_status {
            tracing::warn!(%route, task_id, word, "unknown task status, taken as processing");
        }
        Ok(task)
    }

    /// Whether the provider answers at all, with anything but an error of its own: free of charge.
    pub async fn is_up(&self, route: Route) -> bool {
        let path = format!("{}/{NO_TASK}", route.path());
        self.send(Method::Get, &path, None).await.is_ok_and(|answer| answer.status < 500)
    }

    /// One page of this route's tasks, in the provider's order. Pages count from 1.
    ///
    /// Limits are those of the Kling API reference: page 1 to 1000, size 1 to 500; values outside
    /// are moved to the nearest. CometAPI does not document this form.
    pub async fn list(
        &self,
        route: Route,
        page: u32,
        page_size: u32,
    ) -> Result<Vec<Task>, QueryError> {
        let (page, size) = (page.clamp(1, 1000), page_size.clamp(1, 500));
        let path = format!("{}?pageNum={page}&pageSize={size}", route.path());
        let answer = self.get(&path).await?;
        decode_tasks(answer.status, &answer.body).map_err(|error| error.after(retry_after(&answer)))
    }

    pub(crate) fn error_words(&self) -> &ErrorWords {
        &self.words
    }

    pub(crate) async fn post<B: Serialize + Sync + ?Sized>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<HttpResponse, SubmitError> {
        let bytes = serde_json::to_vec(body)
            .map_err(|error| SubmitError::NotSent { cause: error.to_string() })?;
        self.send(Method::Post, path, Some(bytes.into())).await.map_err(|error| match error {
            TransportError::NotSent(cause) => SubmitError::NotSent { cause },
            TransportError::Lost(cause) => SubmitError::Unknown { cause },
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<HttpResponse, QueryError> {
        let answer = self.send(Method::Get, path, None).await;
        answer.map_err(|error| QueryError::Later { cause: error.to_string() })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<HttpResponse, TransportError> {
        let url = self.base_url.join(path);
        let key = self.key.present();
        let request = HttpRequest { method, url, bearer: key.clone(), body };
        let mut answer = self.transport.send(request).await?;
        answer.body = without_key(answer.body, key.expose_secret());
        Ok(answer)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// Says nothing about the new key.
const OLD_KEY: &str = "the key was replaced while the request was under way";

impl SubmitError {
    /// An account that is refused under a key that was replaced meanwhile may be used under the new one.
    fn of_old_key(self) -> Self {
        match self {
            Self::Account { .. } => Self::NotSent { cause: OLD_KEY.to_owned() },
            other => other,
        }
    }

    pub(crate) fn after(mut self, wait: Option<Duration>) -> Self {
        if let Self::Busy { retry_after, .. } = &mut self {
            *retry_after = wait;
        }
        self
    }
}

impl QueryError {
    fn of_old_key(self) -> Self {
        match self {
            Self::Account { .. } => Self::Later { cause: OLD_KEY.to_owned() },
            other => other,
        }
    }

    pub(crate) fn after(mut self, wait: Option<Duration>) -> Self {
        if let Self::Busy { retry_after, .. } = &mut self {
            *retry_after = wait;
        }
        self
    }
}

/// The path of one task.
pub(crate) fn path_of(route: Route, id: &str) -> Result<String, QueryError> {
    match can_be_asked_for(id) {
        true => Ok(format!("{}/{}", route.path(), encoded(id))),
        false => Err(QueryError::Unreadable { cause: format!("not an id: {id:?}") }),
    }
}

pub(crate) fn encoded(id: &str) -> String {
    utf8_percent_encode(id, OPAQUE).to_string()
}

pub(crate) fn body_of<R: serde::Serialize>(request: &R) -> Result<Map<String, Value>, SubmitError> {
    match serde_json::to_value(request) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(SubmitError::NotSent { cause: "the body is not a JSON object".to_owned() }),
        Err(error) => Err(SubmitError::NotSent { cause: error.to_string() }),
    }
}

/// The wait in seconds that the answer asks for.
pub(crate) fn retry_after(answer: &HttpResponse) -> Option<Duration> {
    let seconds: u64 = answer.retry_after.as_deref()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST_RETRY_AFTER)))
}
