//! Secrets are read unchanged and never shown.

use daemon::ExposeSecret;

use crate::bench::Bench;

const CANARY: &str = "canary-5f1d";

#[test]
fn no_secret_is_shown_by_a_configuration_that_loads() {
    let bench = Bench::new()
        .env("REELWORK_KLING__API_KEY", CANARY)
        .env("REELWORK_BROKER__URL", &format!("amqp://u:{CANARY}@mq/v?auth_mechanism={CANARY}"))
        .file(
            "a.toml",
            &format!("[gateway]\ncallback_secrets = [\"{CANARY}\", \"another-secret\"]"),
        )
        .flag("ledger.url", &format!("rediss://:{CANARY}@cache:6380/2#{CANARY}"));
    let loaded = bench.load().unwrap();
    let json = serde_json::to_string(&loaded.effective).unwrap();
    for shown in [
        format!("{loaded:?}"),
        format!("{loaded:#?}"),
        format!("{:?}", bench.sources),
        json,
        loaded.config.broker.url.to_string(),
    ] {
        assert!(!shown.contains(CANARY), "{shown}");
    }
    let shown = |key| bench.effective(key).value.unwrap();
    assert_eq!(shown("kling.api_key"), "***");
    assert_eq!(shown("gateway.callback_secrets"), "***, ***");
    assert_eq!(shown("broker.url"), "amqp://***@mq/v?***");
    assert_eq!(shown("ledger.url"), "rediss://***@cache:6380/2#***");

    let config = loaded.config;
    assert_eq!(config.kling.require_api_key().unwrap().expose_secret(), CANARY);
    assert!(config.broker.url.url().unwrap().expose().contains(CANARY));
    assert_eq!(config.gateway.callback_secrets[0].expose_secret(), CANARY);
}

#[test]
fn no_secret_is_shown_by_a_problem() {
    let spaced = format!("{CANARY} {CANARY}");
    let stray = format!("amqp://u:1/{CANARY}@h");
    let userinfo = format!("https://u:{CANARY}@h");
    let many = format!("{CANARY},b,c");
    let mut benches = vec![
        Bench::new().env("REELWORK_KLING__API_KEY", &spaced),
        Bench::new().env("REELWORK_KLING__API_KEY_FILE", CANARY),
        Bench::new().env("REELWORK_KLING_API_KEY", CANARY),
        Bench::new()
            .env("REELWORK_KLING__API_KEY", CANARY)
            .env("REELWORK_KLING__API_KEY_FILE", CANARY),
        Bench::new().flag("kling.api_kye", CANARY),
        Bench::new().flag("gateway.callback_secrets", &many),
        Bench::new().flag("kling.base_url", &userinfo),
        Bench::new().flag("kling.base_url", CANARY),
        Bench::new().flag("gateway.callback_url", &format!("https://{CANARY}@h")),
    ];
    for key in ["broker.url", "ledger.url"] {
        for value in [CANARY, &spaced, &stray, &userinfo, &format!("amqp://u:{CANARY}@")] {
            benches.push(Bench::new().flag(key, value));
        }
    }
    for line in [
        format!("api_key = {CANARY}"),
        format!("api_key = \"{CANARY}"),
        format!("api_key = \"{CANARY}\" x"),
        format!("api_key = \"{CANARY}\"\napi_key = \"{CANARY}\""),
        format!("api_key = \"\\q{CANARY}\""),
        format!("api_key = [\"{CANARY}\"]"),
        format!("api_key = {{ value = \"{CANARY}\" }}"),
        format!("api_kye = \"{CANARY}\""),
    ] {
        benches.push(Bench::new().file("a.toml", &format!("[kling]\n{line}\n")));
    }
    for bench in benches {
        let error = bench.load().unwrap_err();
        for shown in [format!("{error}"), format!("{error:?}"), format!("{:?}", bench.sources)] {
            assert!(!shown.contains(CANARY), "{shown}");
        }
    }
}

#[test]
fn a_secret_of_digits_keeps_its_zeros() {
    let digits = "00012345";
    let bench = Bench::new();
    let path = bench.write("key", digits);
    for bench in [
        bench.env("REELWORK_KLING__API_KEY_FILE", path.to_str().unwrap()),
        Bench::new().env("REELWORK_KLING__API_KEY", digits),
        Bench::new().flag("kling.api_key", digits),
        Bench::new().file("a.toml", "kling.api_key = \"00012345\""),
    ] {
        let config = bench.config();
        assert_eq!(config.kling.require_api_key().unwrap().expose_secret(), digits);
    }
}

/// The API key that is read from a file with these contents.
fn from_file(contents: &str) -> Result<String, Vec<String>> {
    let bench = Bench::new();
    let path = bench.write("key", contents);
    let bench = bench.env("REELWORK_KLING__API_KEY_FILE", path.to_str().unwrap());
    match bench.load() {
        Ok(loaded) => {
            let source = bench.source("kling.api_key").to_string();
            assert_eq!(source, "REELWORK_KLING__API_KEY_FILE");
            let key = loaded.config.kling.require_api_key().unwrap();
            Ok(key.expose_secret().to_owned())
        }
        Err(_) => Err(bench.problems()),
    }
}

#[test]
fn one_trailing_line_break_is_the_editors() {
    for contents in ["key", "key\n", "key\r\n"] {
        assert_eq!(from_file(contents), Ok("key".into()));
    }
    for (contents, message) in [
        ("key\n\n", "holds a space, a line break or a control character"),
        ("two\nlines\n", "holds a space, a line break or a control character"),
        ("", "is empty"),
        ("\n", "is empty"),
    ] {
        let problems = from_file(contents).unwrap_err();
        let expected = format!("1. kling.api_key (REELWORK_KLING__API_KEY_FILE): {message}; write");
        assert!(problems[0].starts_with(&expected), "{}", problems[0]);
    }
    let large = from_file(&"k".repeat(64 * 1024 + 1)).unwrap_err();
    assert!(large[0].contains("larger than 64 KiB"), "{}", large[0]);
}

#[test]
fn addresses_and_lists_can_come_from_files() {
    let bench = Bench::new();
    let broker = bench.write("broker", "amqp://u:p@mq\n");
    let ledger = bench.write("ledger", "redis://:p@cache\n");
    let secrets = bench.write("secrets", "first,with-comma\nsecond-secret\n");
    let config = bench
        .env("REELWORK_BROKER__URL_FILE", broker.to_str().unwrap())
        .env("REELWORK_LEDGER__URL_FILE", ledger.to_str().unwrap())
        .env("REELWORK_GATEWAY__CALLBACK_SECRETS_FILE", secrets.to_str().unwrap())
        .config();
    assert_eq!(config.broker.url.url().unwrap().expose(), "amqp://u:p@mq");
    assert_eq!(config.ledger.url.url().unwrap().expose(), "redis://:p@cache");
    let secrets: Vec<_> =
        config.gateway.callback_secrets.iter().map(|s| s.expose_secret()).collect();
    assert_eq!(secrets, ["first,with-comma", "second-secret"]);
}

#[test]
fn a_secret_set_twice_or_a_file_that_is_missing_is_a_problem() {
    let bench = Bench::new()
        .env("REELWORK_KLING__API_KEY", "a")
        .env("REELWORK_KLING__API_KEY_FILE", "/no/such")
        .env("REELWORK_BROKER__URL_FILE", "/no/such");
    let problems = bench.problems();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].starts_with(
        "1. broker.url (REELWORK_BROKER__URL_FILE): the file that it names cannot be read: No such"
    ));
    assert_eq!(
        problems[1],
        "2. kling.api_key (REELWORK_KLING__API_KEY_FILE): REELWORK_KLING__API_KEY and \
         REELWORK_KLING__API_KEY_FILE are both set; unset one of them"
    );
}

#[test]
fn a_flag_beats_a_secret_from_a_file_and_a_file_from_a_variable_beats_a_configuration_file() {
    let bench = Bench::new().file("a.toml", "kling.api_key = \"low\"");
    let path = bench.write("key", "middle");
    let bench = bench.env("REELWORK_KLING__API_KEY_FILE", path.to_str().unwrap());
    let key =
        |bench: &Bench| bench.config().kling.require_api_key().unwrap().expose_secret().to_owned();
    assert_eq!(key(&bench), "middle");
    assert_eq!(key(&bench.flag("kling.api_key", "high")), "high");
}

#[test]
fn a_missing_key_that_is_needed_is_reported_like_any_problem() {
    let problem = Bench::new().config().kling.require_api_key().unwrap_err();
    assert_eq!(
        problem.to_string(),
        "kling.api_key: is not set and is needed here; set REELWORK_KLING__API_KEY, or \
         REELWORK_KLING__API_KEY_FILE to a path"
    );
}
