//! Every layer wins over the one below, and each value has its source.

use std::path::Path;
use std::time::Duration;

use daemon::{DoubtPolicy, LogFormat, LookUp, ProviderKey, SlotCount, Source};

use crate::bench::Bench;

fn videos(number: u32) -> String {
    format!("[limits]\nvideos = {number}\n")
}

#[test]
fn every_layer_beats_the_one_below() {
    let bench = Bench::new();
    let seen =
        |bench: &Bench| (bench.config().limits.videos.most(0), bench.source("limits.videos"));
    assert_eq!(seen(&bench), (5, Source::Default));

    let bench = bench.system_file(&videos(11));
    let system = bench.sources.system_file.clone().unwrap();
    assert_eq!(seen(&bench), (11, Source::File(system)));

    let bench = bench.user_file(&videos(12));
    let (number, Source::File(user)) = seen(&bench) else {
        panic!("not from a file");
    };
    assert_eq!(number, 12);
    assert!(user.ends_with("home/.config/reelwork/config.toml"));

    let bench = bench.file("first.toml", &videos(13));
    assert_eq!(seen(&bench), (13, Source::File(bench.sources.files[0].clone())));
    let bench = bench.file("second.toml", &videos(14));
    assert_eq!(seen(&bench), (14, Source::File(bench.sources.files[1].clone())));

    let bench = bench.env("REELWORK_LIMITS__VIDEOS", "15");
    let variable = Source::Environment("REELWORK_LIMITS__VIDEOS".into());
    assert_eq!(seen(&bench), (15, variable));

    let bench = bench.flag("limits.videos", "16");
    assert_eq!(seen(&bench), (16, Source::Flag));
    assert_eq!(seen(&bench.flag("limits.videos", "17")), (17, Source::Flag));
}

#[test]
fn layers_are_merged_by_key() {
    let bench = Bench::new()
        .system_file("[limits]\nvideos = 1\nimages = 2\n[poll]\nbatch = 9\n")
        .file("a.toml", "limits.images = 3\n")
        .env("REELWORK_LIMITS__AUDIO", "4");
    let config = bench.config();
    let limits = config.limits;
    assert_eq!([limits.videos, limits.images, limits.audio], [1, 3, 4].map(SlotCount::Number));
    assert_eq!(config.poll.batch, 9);
}

#[test]
fn a_value_is_the_same_in_a_file_and_in_a_variable() {
    let file = Bench::new().file(
        "all.toml",
        r#"
        [kling]
        timeout = "90s"
        look_up = "list"
        trust_denials = true
        refusal_codes = ["a", "b"]
        [doubt]
        policy = "resubmit"
        [poll]
        pace = 2
        [gateway]
        listen = "[::1]:80"
        callback_url = "https://cb.example/x"
        callback_secrets = ["secrets8"]
        "#,
    );
    let env = Bench::new()
        .env("REELWORK_KLING__TIMEOUT", "90s")
        .env("REELWORK_KLING__LOOK_UP", "list")
        .env("REELWORK_KLING__TRUST_DENIALS", "true")
        .env("REELWORK_KLING__REFUSAL_CODES", "a, b,")
        .env("REELWORK_DOUBT__POLICY", "resubmit")
        .env("REELWORK_POLL__PACE", "2")
        .env("REELWORK_GATEWAY__LISTEN", "[::1]:80")
        .env("REELWORK_GATEWAY__CALLBACK_URL", "https://cb.example/x")
        .env("REELWORK_GATEWAY__CALLBACK_SECRETS", "secrets8");
    for config in [file.config(), env.config()] {
        assert_eq!(config.kling.timeout, Duration::from_secs(90));
        assert_eq!(config.kling.look_up, LookUp::List);
        assert!(config.kling.trust_denials);
        assert_eq!(config.kling.refusal_codes, ["a", "b"]);
        assert_eq!(config.doubt.policy, DoubtPolicy::Resubmit);
        assert!((config.poll.pace - 2.0).abs() < f64::EPSILON);
        assert_eq!(config.gateway.listen, "[::1]:80".parse().unwrap());
        let callback = config.gateway.callback_url.unwrap();
        assert_eq!(callback.as_str(), "https://cb.example/x");
    }
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = Bench::new().config();
    assert_eq!(config.kling.base_url.as_str(), "https://api.cometapi.com/");
    assert!(matches!(config.kling.api_key, ProviderKey::Unset));
    assert_eq!(config.kling.account, "default");
    assert_eq!(config.kling.timeout, Duration::from_secs(60));
    assert_eq!(config.kling.look_up, LookUp::Auto);
    assert_eq!(config.kling.refusal_codes, ["invalid_request"]);
    assert!(config.broker.url.is_embedded() && config.ledger.url.is_embedded());
    assert_eq!(config.broker.namespace, "reelwork");
    assert_eq!(config.ledger.retention, Duration::from_secs(7 * 86_400));
    assert_eq!(config.embedded.path, Path::new("./reelwork.db"));
    let limits = &config.limits;
    assert_eq!([limits.videos, limits.images, limits.audio], [5, 9, 5].map(SlotCount::Number));
    assert_eq!(limits.max_submissions_per_day, 0);
    assert_eq!((limits.max_attempts, limits.max_in_progress), (20, 256));
    assert_eq!(config.doubt.policy, DoubtPolicy::Park);
    assert_eq!(config.doubt.give_up, Duration::from_secs(3600));
    assert_eq!(config.doubt.callback_wait, Duration::from_secs(900));
    assert_eq!(config.poll.sweep, Duration::from_millis(100));
    assert_eq!((config.poll.concurrency, config.poll.batch), (64, 256));
    assert!(!config.events.submitted);
    assert_eq!((config.worker.prefetch, config.worker.max_deliveries), (64, 20));
    assert_eq!(config.worker.producer_skew, Duration::from_secs(300));
    assert!(config.gateway.callback_url.is_none());
    assert!(config.gateway.callback_secrets.is_empty());
    assert_eq!(config.telemetry.log_format, LogFormat::Auto);
    assert_eq!(config.telemetry.log, "info");
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let bench =
        Bench::new().env("REELWORK_LIMITS__VIDEOS", "").env("REELWORK_KLING__API_KEY_FILE", "");
    assert_eq!(bench.source("limits.videos"), Source::Default);
}

#[test]
fn the_short_name_of_the_log_beats_the_long_one_and_a_flag_beats_both() {
    let bench = Bench::new().env("REELWORK_TELEMETRY__LOG", "warn").env("REELWORK_LOG", "debug");
    assert_eq!(bench.config().telemetry.log, "debug");
    let short = Source::Environment("REELWORK_LOG".into());
    assert_eq!(bench.source("telemetry.log"), short);
    assert_eq!(bench.flag("telemetry.log", "off").config().telemetry.log, "off");
}

#[test]
fn the_data_file_follows_the_environment() {
    let bench = Bench::new().env("XDG_DATA_HOME", "/data");
    let row = bench.effective("embedded.path");
    assert_eq!(row.value.as_deref(), Some("/data/reelwork/reelwork.db"));
    assert_eq!(row.source, Source::Default);
}

#[cfg(unix)]
#[test]
fn standard_files_need_not_exist() {
    let mut bench = Bench::new().env("HOME", "/dev/null");
    bench.sources.system_file = Some("/no/such/file.toml".into());
    bench.config();
}
