//! The one request that costs money, and what its answer means.

use std::time::Duration;

use job::{Fact, OverloadCause, Passed, Problem, Record, Request, Resource};
use kling::{Created, RefusalClass, Route, SubmitError};
use serde_json::Value;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::settings::Callback;

/// What an answer shows about the provider, beyond the one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProviderHealth {
    /// Nothing: no request was sent, or others succeed where this one fails.
    Unknown,
    Healthy,
    /// The provider is at its limit.
    Busy {
        cause: OverloadCause,
        retry_after: Option<Duration>,
    },
    /// No request was received.
    Unreachable {
        why: String,
    },
    /// A proxy or gateway on the way refused the request, and may refuse all.
    PathRefused {
        why: String,
    },
    /// The request may have been received; its answer was lost or not understood.
    Unclear {
        why: String,
    },
    /// The same, after an earlier request of the same job.
    UnclearAgain {
        why: String,
    },
    /// The account must not be used.
    AccountRefused {
        why: String,
    },
}

/// The producer's request with our external id and our callback address. A callback address that
/// the producer gave stays.
fn body(record: &Record, request: &Request, callback: Option<&Callback>) -> Request {
    let body = request.with("external_task_id", record.external_id.as_str());
    let is_free = body.fields().get("callback_url").is_none_or(Value::is_null);
    match callback.filter(|_| is_free) {
        Some(callback) => body.with("callback_url", callback.address(record)),
        None => body,
    }
}

pub(crate) async fn post(
    client: &kling::Client,
    route: Route,
    record: &Record,
    request: &Request,
    callback: Option<&Callback>,
    passed: Passed,
) -> (Fact, ProviderHealth) {
    let span = span(record);
    let body = body(record, request, callback);
    let answer = client.submit(route, &body).instrument(span.clone()).await;
    trace(&span, &answer);
    read(answer, record, passed)
}

/// Follows the semantic conventions 1.44, generative AI client spans. The prompt is not in it.
fn span(record: &Record) -> Span {
    let model = record.model.as_deref();
    tracing::debug_span!(
        "generate_content",
        otel.name = %format_args!("generate_content {}", model.unwrap_or(record.operation.as_str())),
        otel.kind = "client",
        otel.status_code = Empty,
        gen_ai.operation.name = "generate_content",
        gen_ai.provider.name = "kling",
        gen_ai.output.r#type = record.operation.resource().map(output),
        gen_ai.request.model = model,
        gen_ai.response.id = Empty,
        error.r#type = Empty,
    )
}

/// The conventions have no word for video and sound; custom words are allowed.
fn output(resource: Resource) -> &'static str {
    match resource {
        Resource::Videos => "video",
        Resource::Images => "image",
        Resource::Audio => "speech",
    }
}

fn trace(span: &Span, answer: &Result<Created, SubmitError>) {
    match answer {
        Ok(created) => {
            span.record("gen_ai.response.id", &created.task_id);
        }
        Err(error) => {
            span.record("otel.status_code", "error");
            span.record("error.type", error_type(error));
        }
    }
}

fn error_type(error: &SubmitError) -> &'static str {
    match error {
        SubmitError::Busy { .. } => "busy",
        SubmitError::NotSent { .. } => "not_sent",
        SubmitError::Account { .. } => "account_refused",
        SubmitError::Refused { .. } => "refused",
        SubmitError::Path { .. } => "path_refused",
        SubmitError::Unknown { .. } => "answer_lost",
    }
}

/// Pure. The answer as a fact about the job and as the provider's health.
pub(crate) fn read(
    answer: Result<Created, SubmitError>,
    record: &Record,
    passed: Passed,
) -> (Fact, ProviderHealth) {
    match answer {
        Ok(created) => {
            let status = created.status.word().to_owned();
            (Fact::Accepted { task_id: created.task_id, status }, ProviderHealth::Healthy)
        }
        Err(SubmitError::Busy { code, message, retry_after }) => {
            let why = format!("the provider is busy: {message}");
            (Fact::PutOff { why }, ProviderHealth::Busy { cause: overload(code), retry_after })
        }
        Err(SubmitError::NotSent { cause }) => {
            (Fact::NotSent { why: cause.clone() }, ProviderHealth::Unreachable { why: cause })
        }
        Err(SubmitError::Account { message, .. }) => {
            let why = format!("the account is refused: {message}");
            (Fact::PutOff { why: why.clone() }, ProviderHealth::AccountRefused { why })
        }
        Err(
            SubmitError::Refused { message, may_be_repeat: true, .. }
            | SubmitError::Path { message, may_be_repeat: true, .. },
        ) if record.sent_before => {
            let cause = format!("refused, perhaps as a repeat of an earlier send: {message}");
            (Fact::Repeated { cause }, ProviderHealth::Healthy)
        }
        Err(SubmitError::Path { http_status, message, .. }) => {
            let why = format!("HTTP {http_status}: {message}");
            // Others pass, so the lane need not back off.
            let alone = record.path_refusals.is_some_and(|before| passed.since(before.last));
            let health = match alone {
                true => ProviderHealth::Unknown,
                false => ProviderHealth::PathRefused { why: why.clone() },
            };
            (Fact::PathRefused { why: format!("refused on the way: {why}"), passed }, health)
        }
        Err(SubmitError::Refused { code, message, advice, class, .. }) => {
            let error = Problem::new(class_word(class), message).advice(advice).code(code);
            (Fact::Refused { error }, ProviderHealth::Healthy)
        }
        // Unclear again, it may be the job: others need not wait for it.
        Err(SubmitError::Unknown { cause }) if record.sent_before => {
            (Fact::AnswerLost { cause: cause.clone() }, ProviderHealth::UnclearAgain { why: cause })
        }
        Err(SubmitError::Unknown { cause }) => {
            (Fact::AnswerLost { cause: cause.clone() }, ProviderHealth::Unclear { why: cause })
        }
    }
}

/// A gateway may hide which of the two it was.
fn overload(code: Option<i64>) -> OverloadCause {
    match code {
        Some(kling::TOO_MANY_TASKS) => OverloadCause::Slots,
        Some(_) | None => OverloadCause::Requests,
    }
}

fn class_word(class: RefusalClass) -> &'static str {
    match class {
        RefusalClass::Permission => "permission",
        RefusalClass::BadRequest => "bad_request",
        RefusalClass::Policy => "policy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeat() -> SubmitError {
        SubmitError::Refused {
            code: Some(1201),
            http_status: 400,
            message: "external_task_id already exists".into(),
            advice: String::new(),
            class: RefusalClass::BadRequest,
            may_be_repeat: true,
        }
    }

    fn sent(sent_before: bool) -> Record {
        Record { sent_before, ..record(r#"{"prompt":"x"}"#) }
    }

    #[test]
    fn a_lost_answer_is_a_doubt_and_never_a_failure() {
        let lost = || Err(SubmitError::Unknown { cause: "timed out".into() });
        let fact = Fact::AnswerLost { cause: "timed out".into() };
        let unclear = ProviderHealth::Unclear { why: "timed out".into() };
        assert_eq!(read(lost(), &sent(false), Passed::default()), (fact.clone(), unclear));
        let again = read(lost(), &sent(true), Passed::default());
        let unclear_again = ProviderHealth::UnclearAgain { why: "timed out".into() };
        assert_eq!(again, (fact, unclear_again), "one job pauses no lane");
    }

    #[test]
    fn a_refused_repeat_is_an_answer_only_when_something_was_sent_before() {
        assert!(matches!(
            read(Err(repeat()), &sent(false), Passed::default()).0,
            Fact::Refused { .. }
        ));
        assert!(matches!(
            read(Err(repeat()), &sent(true), Passed::default()).0,
            Fact::Repeated { .. }
        ));
    }

    fn record(request: &str) -> Record {
        let body = format!(r#"{{"id":"a","operation":"videos/text2video","request":{request}}}"#);
        let job = job::decode(body.as_bytes(), job::MessageFacts::default()).unwrap();
        Record::new(&job, "default", "reelwork", job::Timestamp::EPOCH)
    }

    #[test]
    fn our_address_goes_along_unless_the_producer_gave_one() {
        let signer = job::CallbackSigner::new("reelwork", &["secret".into()]).unwrap();
        let callback = Callback { url: "https://x.example/in/".into(), signer };
        let body = |request: &str, callback| {
            let record = record(request);
            body(&record, record.request.here().unwrap(), callback)
        };
        let ours = body(r#"{"prompt":"x","callback_url":null}"#, Some(&callback));
        let address = ours.fields()["callback_url"].as_str().unwrap();
        let path = address.strip_prefix("https://x.example/in/callbacks/").unwrap();
        assert_eq!(callback.signer.read(path).unwrap().round, 1);
        let theirs = body(r#"{"prompt":"x","callback_url":"https://y.example"}"#, Some(&callback));
        assert_eq!(theirs.fields()["callback_url"], "https://y.example");
        assert!(!body(r#"{"prompt":"x"}"#, None).fields().contains_key("callback_url"));
    }

    #[test]
    fn numbers_are_sent_as_they_came() {
        let request = r#"{"element_id":12345678901234567890123,"prompt":"x","x":[1.10,1e400]}"#;
        let record = record(request);
        let body = body(&record, record.request.here().unwrap(), None);
        let sent = serde_json::to_string(&body).unwrap();
        let rest = r#""element_id":12345678901234567890123,"external_task_id":"#;
        assert!(sent.contains(rest) && sent.contains(r#""x":[1.10,1e400]"#), "{sent}");
    }

    #[test]
    fn a_refusal_on_the_way_pauses_the_lane_unless_others_pass() {
        let page = || {
            let message = "a page".into();
            Err(SubmitError::Path { http_status: 403, message, may_be_repeat: false })
        };
        let mut refused = record(r#"{"prompt":"x"}"#);
        let (fact, health) = read(page(), &refused, Passed::default());
        assert!(matches!(fact, Fact::PathRefused { .. }));
        assert!(matches!(health, ProviderHealth::PathRefused { .. }));
        let last = job::Timestamp::from_millis(5);
        refused.path_refusals = Some(job::PathRefusals { last, against_lane: 1, against_model: 1 });
        assert!(matches!(
            read(page(), &refused, Passed::default()).1,
            ProviderHealth::PathRefused { .. }
        ));
        let others = Passed { lane_at: Some(last), model_at: None };
        assert_eq!(read(page(), &refused, others).1, ProviderHealth::Unknown);
    }

    #[test]
    fn busy_and_a_refused_account_do_not_count_as_tries() {
        let busy =
            SubmitError::Busy { code: Some(1303), message: "full".into(), retry_after: None };
        let (fact, health) = read(Err(busy), &sent(false), Passed::default());
        assert!(matches!(fact, Fact::PutOff { .. }));
        assert_eq!(health, ProviderHealth::Busy { cause: OverloadCause::Slots, retry_after: None });
        let account = SubmitError::Account { code: Some(1102), message: "empty".into() };
        let (fact, health) = read(Err(account), &sent(false), Passed::default());
        assert!(matches!(fact, Fact::PutOff { .. }));
        assert!(matches!(health, ProviderHealth::AccountRefused { .. }));
    }
}
