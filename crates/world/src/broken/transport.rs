use std::sync::Arc;

use async_trait::async_trait;
use kling::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use serde_json::Value;

use super::Broken;
use crate::chance::Chance;
use crate::provider::complaint;

pub(super) struct BrokenTransport {
    pub(super) broken: Broken,
    pub(super) inner: Arc<dyn Transport>,
    pub(super) chance: Chance,
}

#[async_trait]
impl Transport for BrokenTransport {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let is_post = request.method == Method::Post;
        if is_post && self.broken == Broken::FreshExternalIds {
            self.rename(&mut request);
        }
        match (self.broken, self.inner.send(request).await) {
            (Broken::ResubmitOnTimeout, Err(TransportError::Lost(cause))) if is_post => {
                Err(TransportError::NotSent(cause))
            }
            (Broken::ResubmitOnServerError, Ok(answer)) if is_post && answer.status >= 500 => {
                Err(TransportError::NotSent(format!("HTTP {}", answer.status)))
            }
            (Broken::TroubleTakenForRefusal, Ok(answer)) if is_post && answer.status >= 500 => {
                Ok(complaint(400, 1200, "bad gateway"))
            }
            (Broken::PagesTakenForRefusals, Ok(answer)) if is_post && !has_code(&answer) => {
                Ok(complaint(400, 1200, "refused"))
            }
            (Broken::NoFileIsFailure, Ok(answer)) => Ok(without_file(answer)),
            (_, answer) => answer,
        }
    }
}

fn has_code(answer: &HttpResponse) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    body.get("code").is_some()
}

/// The same response, as failed if it succeeded and has no file.
fn without_file(mut answer: HttpResponse) -> HttpResponse {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let data = &mut body["data"];
    if data["task_status"] == "succeed" && data["task_result"].is_null() {
        data["task_status"] = "failed".into();
        answer.body = body.to_string().into();
    }
    answer
}

impl BrokenTransport {
    fn rename(&self, request: &mut HttpRequest) {
        let body = request.body.take().unwrap_or_default();
        let mut body: Value = serde_json::from_slice(&body).unwrap_or_default();
        body["external_task_id"] = Value::from(format!("fresh-{}", self.chance.next()));
        request.body = Some(body.to_string().into());
    }
}
