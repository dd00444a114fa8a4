use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kling::{HttpRequest, HttpResponse, Method, Transport, TransportError};

use super::effect::{Effect, Moment};
use super::{around, orders};

/// After this a request to a server on this machine has arrived; the test checks that in the
/// accounts of the provider.
const ON_ITS_WAY: Duration = Duration::from_millis(40);

pub(super) struct Crashing {
    inner: Arc<dyn Transport>,
}

impl Crashing {
    pub(super) fn new(inner: Arc<dyn Transport>) -> Self {
        Self { inner }
    }

    /// A response that is faster than this does not reach the point.
    async fn post(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut answer = self.inner.send(request);
        tokio::select! {
            answer = &mut answer => return answer,
            () = tokio::time::sleep(ON_ITS_WAY) => orders::reach(Effect::Post, Moment::Sent),
        }
        answer.await
    }
}

#[async_trait]
impl Transport for Crashing {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        match request.method {
            Method::Post => around(Effect::Post, self.post(request)).await,
            Method::Get => around(Effect::Query, self.inner.send(request)).await,
        }
    }
}
