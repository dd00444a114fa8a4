use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use kling::{HttpRequest, HttpResponse, Transport, TransportError};
use serde_json::Value;

use crate::Meter;
use crate::families::took;
use crate::label::{NONE, Word, operation_of};

impl Meter {
    /// Wraps a transport to measure its requests.
    pub fn transport(&self, inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(Metered { inner, meter: self.clone() })
    }
}

struct Metered {
    inner: Arc<dyn Transport>,
    meter: Meter,
}

impl Metered {
    fn count(
        &self,
        method: &'static str,
        operation: Word,
        answer: &Result<HttpResponse, TransportError>,
    ) {
        let status = match answer {
            Ok(answer) => answer.status.to_string().into(),
            Err(_) => NONE,
        };
        let code = answer.as_ref().ok().and_then(code_of);
        let code = code.map_or(NONE, |code| self.meter.inner().codes.word(&code));
        let method = method.into();
        let labels =
            [("method", method), ("operation", operation), ("status", status), ("code", code)];
        self.meter.families().responses.get_or_create(&labels).inc();
    }
}

#[async_trait]
impl Transport for Metered {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let asked = request.method;
        let method = asked.as_str();
        let operation = operation_of(&request.url);
        let since = Instant::now();
        let answer = self.inner.send(request).await;
        took(&self.meter.families().request_duration, "method", method.into(), since);
        self.count(method, operation, &answer);
        self.meter.inner().looks.asked(asked, &answer);
        answer
    }
}

/// The error code in the response body: a number, or text from a relay.
fn code_of(answer: &HttpResponse) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        code: Value,
    }
    let envelope: Envelope = serde_json::from_slice(&answer.body).ok()?;
    match envelope.code {
        Value::Number(code) => Some(code.to_string()),
        Value::String(code) => Some(code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_number_or_a_word() {
        let code = |body: &str| {
            code_of(&HttpResponse { body: body.to_owned().into(), ..HttpResponse::default() })
        };
        assert_eq!(code(r#"{"code":1302,"message":"busy"}"#).as_deref(), Some("1302"));
        assert_eq!(code(r#"{"code":"success","data":{}}"#).as_deref(), Some("success"));
        for body in ["", "<html>", "{}", r#"{"code":null}"#, r#"{"code":{"a":1}}"#] {
            assert_eq!(code(body), None, "{body}");
        }
    }
}
