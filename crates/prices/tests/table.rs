//! Estimates by the shipped table and by tables of our own, and what is reported about bad ones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use job::{Money, Operation, Request, Timestamp};
use prices::PriceTable;

const TODAY: &str = "2026-12-01T12:00:00Z";

fn estimate(table: &PriceTable, operation: &str, request: &str, at: &str) -> Option<Money> {
    let request: Request = serde_json::from_str(request).unwrap();
    let now = Timestamp::parse(at).unwrap();
    table.estimate(&Operation::new(operation), &request, now).amount
}

fn parse(text: &str) -> Result<PriceTable, Vec<String>> {
    PriceTable::parse(text, |operation| operation != "videos/unknown")
}

#[test]
fn the_shipped_table_has_the_list_prices() {
    assert_ne!(*PriceTable::shipped(), PriceTable::default(), "it is read");
    let video = |request: &str| ("videos/text2video", request.to_owned());
    let picture = |request: &str| ("images/generations", request.to_owned());
    for ((operation, request), usd) in [
        (video("{}"), "0.14"),
        (video(r#"{"duration":"10"}"#), "0.28"),
        (video(r#"{"duration":7}"#), "0.28"),
        (video(r#"{"mode":"pro"}"#), "0.49"),
        (video(r#"{"model_name":"kling-v1-6"}"#), "0.28"),
        (video(r#"{"model_name":"kling-v2-master","mode":"pro","duration":"10"}"#), "2.80"),
        (video(r#"{"model_name":"kling-v2-6","mode":"pro"}"#), "0.35"),
        (video(r#"{"model_name":"kling-v2-6","mode":"pro","sound":"on"}"#), "0.70"),
        (
            video(r#"{"model_name":"kling-v2-6","sound":"on","voice_list":[{"voice_id":"1"}]}"#),
            "0.84",
        ),
        (video(r#"{"model_name":"kling-v3","duration":"8"}"#), "0.672"),
        (video(r#"{"model_name":"kling-v3","mode":"4k","sound":"on","duration":"3"}"#), "1.26"),
        (("videos/omni-video", "{}".to_owned()), "0.56"),
        (("videos/omni-video", r#"{"mode":"std","video_list":[{}]}"#.to_owned()), "0.63"),
        (("videos/lip-sync", r#"{"input":{"video_id":"1"}}"#.to_owned()), "0.14"),
        (("audio/text-to-audio", r#"{"duration":3.5}"#.to_owned()), "0.035"),
        (picture(r#"{"n":3}"#), "0.0105"),
        (picture(r#"{"model_name":"kling-v2","image":"https://a/b.png"}"#), "0.028"),
        (picture(r#"{"model_name":"kling-v2"}"#), "0.014"),
        (("images/kolors-virtual-try-on", "{}".to_owned()), "0.07"),
    ] {
        let found = estimate(&PriceTable::shipped(), operation, &request, TODAY);
        assert_eq!(found, Money::parse(usd), "{operation} {request}");
    }
}

/// The provider's units are not those of pictures there.
#[test]
fn a_price_in_dollars_is_not_settled_in_units() {
    let unit = |operation: &str| {
        let (request, now) =
            (serde_json::from_str("{}").unwrap(), Timestamp::parse(TODAY).unwrap());
        PriceTable::shipped().estimate(&Operation::new(operation), &request, now).unit
    };
    assert_eq!(unit("images/kolors-virtual-try-on"), None);
    assert_eq!(unit("images/generations"), Some(Money::parse("0.0035").unwrap()));
    assert_eq!(unit("videos/text2video"), Some(Money::parse("0.14").unwrap()));
}

#[test]
fn a_job_that_no_price_fits_is_unpriced() {
    let table = PriceTable::shipped();
    let new_model = r#"{"model_name":"kling-v9"}"#;
    for (operation, request) in [
        ("videos/text2video", new_model),
        ("videos/effects", r#"{"effect_scene":"hug"}"#),
        ("music/new", "{}"),
    ] {
        assert_eq!(estimate(&table, operation, request, TODAY), None, "{operation}");
    }
    assert_eq!(estimate(&PriceTable::default(), "videos/text2video", "{}", TODAY), None);
}

#[test]
fn absurd_requests_have_a_price_and_no_overflow() {
    let table = PriceTable::shipped();
    for duration in ["1e300", "\"-5\"", "\"NaN\"", "0", "\"\"", "null", "[]"] {
        let request = format!(r#"{{"model_name":"kling-v3","duration":{duration},"n":-1}}"#);
        assert!(estimate(&table, "videos/text2video", &request, TODAY).is_some(), "{duration}");
    }
    let most = r#"{"n":18446744073709551615}"#;
    assert_eq!(estimate(&table, "images/generations", most, TODAY), Money::parse("0.35"));
}

#[test]
fn the_latest_price_in_force_counts_and_of_equals_the_first() {
    let price = |from: &str, rest: &str| {
        format!("[[price]]\noperations = [\"videos/text2video\"]\nper = \"task\"\n{from}\n{rest}\n")
    };
    let units = "[[units]]\nvideo = \"1\"\nimage = \"1\"\n\
                 [[units]]\nfrom = 2026-12-01\nvideo = \"2\"\nimage = \"1\"\n";
    let table = parse(
        &[
            units.to_owned(),
            price("", "mode = \"pro\"\nunits = \"9\""),
            price("", "units = \"5\""),
            price("from = \"2026-11-01\"", "units = \"4\""),
        ]
        .concat(),
    )
    .unwrap();
    for (at, mode, usd) in [
        ("2026-10-31T23:59:59.999Z", "std", "5"),
        ("2026-10-31T23:59:59.999Z", "pro", "9"),
        ("2026-11-01T00:00:00Z", "pro", "4"),
        ("2026-11-30T23:59:59.999Z", "std", "4"),
        ("2026-12-01T00:00:00Z", "std", "8"),
    ] {
        let request = format!(r#"{{"mode":"{mode}"}}"#);
        assert_eq!(estimate(&table, "videos/text2video", &request, at), Money::parse(usd), "{at}");
    }
}

#[test]
fn every_problem_of_a_table_is_reported_at_once() {
    let text = r#"
        colour = "red"
        [[units]]
        video = 0.14
        [defaults."videos/unknown"]
        seconds = 0
        [[price]]
        operations = ["videos/text2video", "vidoes/text2video"]
        units = "-1"
        per = "hour"
        [[price]]
        models = []
        usd = "1"
        units = "1"
        per = "task"
        from = "2026-13-01"
        colour = "red"
        [[price]]
        operations = ["audio/text-to-audio"]
        usd = "1"
        per = "task"
        [[price]]
        operations = ["audio/text-to-audio"]
        usd = "2"
        per = "task"
    "#;
    let problems = parse(text).unwrap_err();
    let expected = [
        "[[units]] 1: video is not an amount in quotes such as \"0.14\"",
        "[[units]] 1: needs the amounts `video` and `image`",
        "[defaults.\"videos/unknown\"]: is not an operation",
        "[defaults.\"videos/unknown\"]: seconds is not a number from 1 to 3600",
        "[[price]] 1: \"vidoes/text2video\" is not an operation",
        "[[price]] 1: units is not an amount in quotes such as \"0.14\"",
        "[[price]] 1: needs one amount: `units` or `usd`",
        "[[price]] 1: needs `per`: \"task\", \"second\", \"5s\" or \"picture\"",
        "[[price]] 2: needs `operations`",
        "[[price]] 2: models is not a list of texts",
        "[[price]] 2: from is not a date such as 2026-12-01",
        "[[price]] 2: needs one amount: `units` or `usd`",
        "[[price]] 2: colour is not known",
        "[[price]] 4: is never used: one before it is for the same jobs",
        "colour is not known",
    ];
    assert_eq!(problems, expected);
    assert_eq!(parse("[[price").unwrap_err().len(), 1, "it is not TOML");
    assert!(parse("price = 3").unwrap_err()[0].contains("write [[price]]"));
}
