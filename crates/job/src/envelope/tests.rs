use super::*;
use crate::{Fault, MAX_MESSAGE_BYTES};

const GOOD: &str = r#"{"id":"order-42","operation":"videos/text2video",
    "request":{"prompt":"a cat"},"tenant":"acme","priority":"high",
    "deadline":"2026-12-01T12:00:00Z","metadata":{"order":"42"},"retries":1,"account":"eu_1.b-2",
    "webhook_url":"https://client.example/hook"}"#;

fn read(body: &str) -> Result<Job, Box<BadJob>> {
    decode(body.as_bytes(), MessageFacts::default())
}

fn reason(body: &str) -> Reason {
    read(body).unwrap_err().reason
}

#[test]
fn a_whole_job_is_read_and_written_back() {
    let job = read(GOOD).unwrap();
    assert_eq!(job.key.to_string(), "acme/order-42");
    assert_eq!(job.routing_key().as_str(), "videos.text2video.high");
    assert_eq!((job.retries, job.account.as_deref()), (1, Some("eu_1.b-2")));
    let again = read(&job.to_message()).unwrap();
    assert_eq!(again, job);
}

#[test]
fn the_message_id_stands_in_for_a_missing_id() {
    let body = br#"{"operation":"images/generations","request":{"prompt":"x"}}"#;
    let facts = MessageFacts { message_id: Some("m-1"), routing_key: None };
    assert_eq!(decode(body, facts).unwrap().key.to_string(), "default/m-1");
    assert!(matches!(
        decode(body, MessageFacts::default()).unwrap_err().reason,
        Reason::NotAJob(_)
    ));
}

#[test]
fn bad_messages_name_what_is_wrong() {
    assert!(matches!(reason("not json"), Reason::NotJson(_)));
    let wide = GOOD.replace("\"42\"}", &format!("\"{}\"}}", "x".repeat(65_536)));
    assert!(reason(&wide).to_string().contains("metadata has"));
    let long = GOOD.replace("videos/text2video", &"v".repeat(101));
    assert!(reason(&long).to_string().contains("operation has 101"));
    assert!(reason("[1]").to_string().contains("JSON object"));
    let typo = GOOD.replace("\"priority\"", "\"prioritty\"");
    assert!(reason(&typo).to_string().contains("\"prioritty\""));
    let deadline = GOOD.replace("2026-12-01T12:00:00Z", "tomorrow");
    assert!(reason(&deadline).to_string().contains("RFC 3339"));
    let offset = GOOD.replace("12:00:00Z", "12:00:00+25:00");
    let text = reason(&offset).to_string();
    assert!(text.contains("its offset at most 23:59, got \"2026-12-01T12:00:00+25:00\""), "{text}");
    assert!(reason(&GOOD.replace("\"high\"", "\"urgent\"")).to_string().contains("urgent"));
    assert!(reason(&GOOD.replace("\"retries\":1", "\"retries\":11")).to_string().contains("11"));
    let poem = GOOD.replace("videos/text2video", "texts/poem");
    assert_eq!(reason(&poem), Reason::UnknownOperation("texts/poem".to_owned()));
}

#[test]
fn a_compressed_message_is_refused_as_such() {
    for (body, how) in [
        (&b"\x1f\x8b\x08\x00\x00"[..], "gzip"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd"),
        (b"\x78\x9c\xab\x56", "deflate"),
    ] {
        let facts = MessageFacts { message_id: Some("m-1"), routing_key: None };
        let reason = decode(body, facts).unwrap_err().reason;
        let expected = format!(
            "the message is not JSON: it is compressed ({how}), and compressed messages are \
             not read"
        );
        assert_eq!(reason.to_string(), expected);
        assert!(reason.problem().advice.unwrap().contains("not compressed"));
    }
}

#[test]
fn a_bad_message_keeps_all_that_could_be_read() {
    let facts =
        MessageFacts { message_id: Some("m-9"), routing_key: Some("videos.text2video.high") };
    let bad = |body: &str| decode(body.as_bytes(), facts).unwrap_err();
    for (from, to, field, key) in [
        ("\"high\"", "\"urgent\"", "priority", Some("acme/order-42")),
        ("\"order-42\"", "42", "id", Some("acme/m-9")),
        ("\"retries\":1", "\"retries\":\"1\"", "retries", Some("acme/order-42")),
        ("\"eu_1.b-2\"", "\"a:b\"", "account", Some("acme/order-42")),
        ("\"eu_1.b-2\"", "\"\"", "account", Some("acme/order-42")),
        ("\"eu_1.b-2\"", "7", "account", Some("acme/order-42")),
        ("\"acme\"", "\"a/b\"", "tenant", None),
        ("\"acme\"", "7", "tenant", None),
        ("\"acme\"", "\"reelwork.unreadable\"", "tenant", None),
    ] {
        let bad = bad(&GOOD.replace(from, to));
        assert_eq!(bad.key.as_ref().map(ToString::to_string).as_deref(), key, "{to}");
        assert_eq!(bad.reason.problem().field.as_deref(), Some(field), "{to}");
        assert_eq!(bad.metadata["order"], "42", "{to}");
        assert_eq!(bad.told_operation().as_str(), "videos/text2video");
        assert!(bad.request.is_some());
    }
}

#[test]
fn an_unreadable_message_has_a_tenant_that_no_job_has() {
    let key = Some("images.generations.low");
    for (body, message_id, id) in [
        (&b"{"[..], Some("m-9"), "m-9"),
        (b"\xff\xfe", Some(""), "message-4eb36c5d0d8c6e1c3ddfd1bd8c7a4b47"),
        (b"[]", None, "message-4f53cda18c2baa0c0354bb5f9a3ecbe5"),
    ] {
        let bad = decode(body, MessageFacts { message_id, routing_key: key }).unwrap_err();
        let key = bad.record_key(message_id.unwrap_or_default(), body);
        assert_eq!((&key.tenant, bad.key.as_ref()), (&Tenant::unreadable(), None));
        if message_id == Some("m-9") {
            assert_eq!(key.id.as_str(), id);
        }
        assert!(key.id.as_str().starts_with(&id[..3]), "{key}");
        assert_eq!(bad.told_operation().as_str(), "images/unknown");
    }
}

#[test]
fn a_byte_order_mark_and_null_are_ignored() {
    let marked = [b"\xef\xbb\xbf", GOOD.as_bytes()].concat();
    assert_eq!(decode(&marked, MessageFacts::default()).unwrap(), read(GOOD).unwrap());
    let nulls = r#"{"id":null,"operation":"videos/text2video","request":{"prompt":"x"},
        "tenant":null,"priority":null,"deadline":null,"metadata":null,"retries":null,"account":null,
        "webhook_url":null}"#;
    let facts = MessageFacts { message_id: Some("m"), routing_key: None };
    let job = decode(nulls.as_bytes(), facts).unwrap();
    assert_eq!((job.key.to_string().as_str(), job.retries), ("default/m", 0));
    assert_eq!((job.priority, job.deadline, job.account), (Priority::Normal, None, None));
    assert_eq!(job.webhook, None);
}

#[test]
fn only_what_a_person_must_decide_is_no_rejection() {
    for (reason, rejects) in [
        (Reason::NotJson(String::new()), true),
        (Reason::NotAJob(Fault::of("id", "")), true),
        (Reason::UnknownOperation(String::new()), true),
        (Reason::InvalidRequest(Fault::of("n", "")), true),
        (Reason::TooLarge { bytes: 1 }, true),
        (Reason::RoutingKeyDisagrees { key: String::new(), expected: String::new() }, true),
        (Reason::UnknownAccount(Fault::of("account", "")), true),
        (Reason::NoAccount(String::new()), false),
        (Reason::Conflict, false),
        (Reason::DeliveredTooOften(20), false),
        (Reason::TooManyAttempts { attempts: 1, cause: String::new() }, false),
        (Reason::WiderThanLimit { slots: 5, limit: 3 }, false),
    ] {
        assert_eq!(reason.is_rejection(), rejects, "{reason:?}");
        let problem = reason.problem();
        assert!(problem.kind == reason.word() && problem.advice.is_some());
    }
}

#[test]
fn numbers_keep_their_digits_from_message_to_message() {
    let numbers = r#"{"a":12345678901234567890123,"b":[1.10,-1e400],"prompt":"a cat"}"#;
    let body = GOOD.replace(r#"{"prompt":"a cat"}"#, numbers).replace(r#"{"order":"42"}"#, numbers);
    let job = read(&body).unwrap();
    assert_eq!(serde_json::to_string(&job.request).unwrap(), numbers);
    assert_eq!(serde_json::to_string(&job.metadata).unwrap(), numbers);
    let again = read(&job.to_message()).unwrap();
    assert_eq!(again, job);
}

#[test]
fn a_whole_number_is_one_in_every_spelling() {
    for (written, retries) in
        [("1", 1), ("1.0", 1), ("1e0", 1), ("10.0", 10), ("0.1e1", 1), ("-0.0", 0), ("0e9", 0)]
    {
        let body = GOOD.replace("\"retries\":1", &format!("\"retries\":{written}"));
        assert_eq!(read(&body).unwrap().retries, retries, "{written}");
    }
    for wrong in ["1.5", "-1", "11.0", "1e400", "99999999999999999999", "true", "\"1\""] {
        let body = GOOD.replace("\"retries\":1", &format!("\"retries\":{wrong}"));
        let bad = read(&body).unwrap_err();
        assert_eq!(bad.reason.problem().field.as_deref(), Some("retries"), "{wrong}");
        assert_eq!(bad.key.unwrap().to_string(), "acme/order-42");
    }
}

#[test]
fn an_account_has_a_name_of_some_length_and_is_no_part_of_the_request() {
    let named = |length: usize| read(&GOOD.replace("eu_1.b-2", &"x".repeat(length)));
    assert_eq!(named(64).unwrap().account, Some("x".repeat(64)));
    let refused = named(65).unwrap_err().reason.to_string();
    assert!(refused.contains("account must be 1 to 64 characters"), "{refused}");
    let free = read(&GOOD.replace(",\"account\":\"eu_1.b-2\"", "")).unwrap();
    assert_eq!(free.request.hash(), read(GOOD).unwrap().request.hash());
    assert!(!free.to_message().contains("account"));
}

#[test]
fn a_webhook_url_is_no_part_of_the_request_and_in_no_error() {
    let job = read(GOOD).unwrap();
    let url = job.webhook.as_ref().map(crate::WebhookUrl::expose);
    assert_eq!(url, Some("https://client.example/hook"));
    let without = GOOD.replace("\"webhook_url\":\"https://client.example/hook\"", "\"retries\":1");
    let without = without.replacen("\"retries\":1,", "", 1);
    assert_eq!(read(&without).unwrap().request.hash(), job.request.hash());
    assert!(!read(&without).unwrap().to_message().contains("webhook"));
    for wrong in ["\"ftp://canary/\"", "\"canary\"", "[\"https://canary/\"]"] {
        let refused = reason(&GOOD.replace("\"https://client.example/hook\"", wrong));
        assert_eq!(refused.problem().field.as_deref(), Some("webhook_url"));
        assert!(!format!("{refused} {refused:?}").contains("canary"), "{refused}");
    }
}

#[test]
fn a_deadline_may_be_at_the_end_of_all_years() {
    let far = GOOD.replace("2026-12-01T12:00:00Z", "9999-12-31T23:59:59Z");
    let job = read(&far).unwrap();
    assert!(job.deadline > Timestamp::parse("9999-12-30T00:00:00Z"));
    assert_eq!(read(&job.to_message()).unwrap(), job);
}

#[test]
fn a_routing_key_that_disagrees_is_named_with_the_right_one() {
    let facts = MessageFacts { message_id: None, routing_key: Some("images.generations.high") };
    let bad = decode(GOOD.as_bytes(), facts).unwrap_err();
    assert!(bad.reason.to_string().contains("videos.text2video.high"));
}

#[test]
fn an_oversized_message_is_refused_with_the_fix() {
    let body = vec![b' '; MAX_MESSAGE_BYTES + 1];
    let bad = decode(&body, MessageFacts::default()).unwrap_err();
    assert!(bad.reason.to_string().contains("send a URL"));
    let image = "A".repeat(MAX_MESSAGE_BYTES);
    let large = read(&GOOD.replace("a cat", &image)).unwrap_err();
    assert!(matches!(large.reason, Reason::TooLarge { .. }));
    assert_eq!(large.key.unwrap().to_string(), "acme/order-42");
}
