use std::sync::Arc;

use async_trait::async_trait;
use kling::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use serde_json::Value;

use super::Broken;
use crate::chance::Chance;
use crate::provider::complaint;

pub(super) struct BrokenWire {
    pub(super) broken: Broken,
    pub(super) inner: Arc<dyn Transport>,
    pub(super) chance: Chance,
}

#[async_trait]
impl Transport for BrokenWire {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let is_post = request.method == Method::Post;
        if is_post && self.broken == Broken::FreshExternalIds {
            self.rename(&mut request);
        }
        match self.inner.send(request).await {
            Err(TransportError::Lost(cause))
                if is_post && self.broken == Broken::ResubmitOnTimeout =>
            {
                Err(TransportError::NotSent(cause))
            }
            Ok(answer)
                if is_post
                    && answer.status >= 500
                    && self.broken == Broken::ResubmitOnServerError =>
            {
                Err(TransportError::NotSent(format!("HTTP {}", answer.status)))
            }
            Ok(answer)
                if is_post
                    && answer.status >= 500
                    && self.broken == Broken::TroubleTakenForRefusal =>
            {
                Ok(complaint(400, 1200, "bad gateway"))
            }
            answer => answer,
        }
    }
}

impl BrokenWire {
    fn rename(&self, request: &mut HttpRequest) {
        let body = request.body.take().unwrap_or_default();
        let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
        body["external_task_id"] = Value::from(format!("fresh-{}", self.chance.next()));
        request.body = Some(body.to_string().into());
    }
}
