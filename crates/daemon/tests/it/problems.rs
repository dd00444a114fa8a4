//! All problems are reported at once, each with a hint.

use daemon::SlotCount;

use crate::bench::Bench;

#[test]
fn all_problems_are_reported_at_once() {
    let mut bench = Bench::new()
        .system_file("[kling]\napi_kye = \"x\"\n")
        .file("broken.toml", "[limits]\nvideos = 3\nimages = = 4\n")
        .env("REELWORK_KLING_TIMEOUT", "5s")
        .env("REELWORK_LIMITS__VIDEOS", "five")
        .env("REELWORK_BROKER__URL", "amqp://u:p@mq")
        .flag("poll.batch", "0")
        .flag("poll.bach", "1");
    bench.sources.files.push("/no/such/file.toml".into());
    let problems = bench.problems();
    let expected = [
        "1. kling.api_kye (DIR/etc/config.toml): unknown key; did you mean kling.api_key?",
        "2. DIR/broken.toml: line 3 is not TOML: ",
        "3. /no/such/file.toml: cannot be read: No such file or directory",
        "4. REELWORK_KLING_TIMEOUT: unknown variable; did you mean REELWORK_KLING__TIMEOUT?",
        "5. poll.bach (flag): unknown key; did you mean poll.batch?",
        "6. limits.videos (REELWORK_LIMITS__VIDEOS): \"five\" is not a whole number; \
         write a whole number from 0 to 100000, or auto",
        "7. poll.batch (flag): 0 is out of range; write a whole number from 1 to 10000",
        "8. ledger.url: is embedded while broker.url is amqp://***@mq; \
         both are embedded, or neither",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
    }
    assert_eq!(bench.load().unwrap_err().exit_code().code(), 78);
}

/// The only problem caused by this flag.
fn misfit(key: &str, value: &str) -> String {
    let problems = Bench::new().flag(key, value).problems();
    assert_eq!(problems.len(), 1, "{key} = {value}: {problems:#?}");
    problems[0].clone()
}

#[test]
fn every_kind_refuses_what_it_is_not() {
    for (key, value, message) in [
        ("kling.base_url", "api.cometapi.com", "is not a URL"),
        ("kling.base_url", "ftp://h", "is not an http or https URL"),
        ("kling.base_url", "https://u@h", "holds a user or a password"),
        ("kling.base_url", "https://h/?q=1", "holds a query or a fragment"),
        ("kling.account", "", "\"\" is not such a name"),
        ("broker.namespace", "reel work", "\"reel work\" is not such a name"),
        ("ledger.namespace", "ä", "\"ä\" is not such a name"),
        ("kling.timeout", "60", "\"60\" is not a duration"),
        ("kling.timeout", "2h", "2h is out of range"),
        ("kling.timeout", "0s", "0s is out of range"),
        ("kling.look_up", "Path", "\"Path\" is not known here"),
        ("kling.trust_denials", "1", "\"1\" is not true or false"),
        ("broker.url", "localhost", "is neither a URL nor the word embedded"),
        ("broker.url", "redis://h", "is a URL of another scheme"),
        ("broker.url", "amqp://h1,,h2", "names an empty host between two commas, or beside one"),
        ("broker.url", "amqp://h1,h2:99999", "has a port that is not a number from 1 to 65535"),
        ("ledger.url", "redis://", "names no host"),
        ("embedded.path", "~/x.db", "\"~/x.db\" is not a path"),
        ("embedded.path", "", "is empty"),
        ("limits.videos", "-1", "-1 is out of range"),
        ("limits.videos", "100001", "100001 is out of range"),
        ("limits.videos", "2.5", "\"2.5\" is not a whole number"),
        ("poll.pace", "NaN", "NaN is out of range"),
        ("poll.pace", "0", "0 is out of range"),
        ("worker.prefetch", "65536", "65536 is out of range"),
        ("gateway.listen", "8081", "\"8081\" is not an address"),
        ("gateway.callback_secrets", "a,b,c", "holds 3 secrets"),
        ("telemetry.log_format", "xml", "\"xml\" is not known here"),
        ("telemetry.log", "inof", "\"inof\" is not a level or filters"),
        ("telemetry.log", "lapin=loud", "\"lapin=loud\" is not a level or filters"),
        ("telemetry.log", "", "\"\" is not a level or filters"),
    ] {
        let problem = misfit(key, value);
        let expected = format!("1. {key} (flag): {message}; write ");
        assert!(problem.starts_with(&expected), "{problem}\n{expected}");
    }
}

#[test]
fn filters_of_the_log_are_taken() {
    for filter in ["off", "INFO", "warn,lapin=error", "info,[job{id=7}]=debug"] {
        assert_eq!(Bench::new().flag("telemetry.log", filter).config().telemetry.log, filter);
    }
}

#[test]
fn a_long_value_is_cut() {
    let problem = misfit("limits.videos", &"x".repeat(1000));
    assert!(problem.contains("xxx\"… is not a whole number"), "{problem}");
    assert!(problem.len() < 200, "{problem}");
}

#[test]
fn a_file_is_read_by_type() {
    for (text, message) in [
        (
            "kling.timeout = 60",
            "kling.timeout (DIR/a.toml): is a whole number and not a duration in quotes",
        ),
        (
            "kling.account = 5",
            "kling.account (DIR/a.toml): is a whole number and not text in quotes",
        ),
        (
            "limits.videos = true",
            "limits.videos (DIR/a.toml): is true or false and not a whole number",
        ),
        ("limits.videos = 1.5", "limits.videos (DIR/a.toml): is a number and not a whole number"),
        ("limits.videos = [1]", "limits.videos (DIR/a.toml): is a list and not a whole number"),
        (
            "kling.refusal_codes = [1]",
            "kling.refusal_codes (DIR/a.toml): is a whole number and not text in quotes",
        ),
        ("kling.refusal_codes = [\" \"]", "kling.refusal_codes (DIR/a.toml): is empty"),
        ("poll.pace = \"fast\"", "poll.pace (DIR/a.toml): \"fast\" is not a number"),
        (
            "kling.trust_denials = 1",
            "kling.trust_denials (DIR/a.toml): is a whole number and not true or false",
        ),
        ("kling = 5", "kling (DIR/a.toml): unknown key; it is a section: write [kling]"),
        (
            "[[kling]]\naccount = \"x\"",
            "kling (DIR/a.toml): unknown key; it is a section: write [kling]",
        ),
        ("[colour]", "colour (DIR/a.toml): unknown key"),
        ("[limits.videos]\nmost = 5", "limits.videos.most (DIR/a.toml): unknown key"),
        (
            "[worker]\nsweep = \"1s\"",
            "worker.sweep (DIR/a.toml): unknown key; did you mean poll.sweep?",
        ),
        (
            "\"kling.account\" = \"x\"",
            "\"kling.account\" (DIR/a.toml): unknown key; did you mean kling.account?",
        ),
        ("a = 1\na = 2", "DIR/a.toml: line 2 is not TOML: "),
    ] {
        let problems = Bench::new().file("a.toml", text).problems();
        assert_eq!(problems.len(), 1, "{text}: {problems:#?}");
        let expected = format!("1. {message}");
        assert!(problems[0].starts_with(&expected), "{}\n{expected}", problems[0]);
    }
}

#[test]
fn an_empty_section_sets_nothing() {
    Bench::new().file("a.toml", "[kling]\n[limits]\n").config();
}

#[test]
fn a_file_that_is_no_text_is_a_problem() {
    let mut bench = Bench::new();
    let path = bench.write("binary.toml", [0xff, 0xfe]);
    bench.sources.files.push(path);
    assert!(bench.problems()[0].starts_with("1. DIR/binary.toml: cannot be read: "));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_a_problem() {
    use std::os::unix::ffi::OsStringExt;
    let mut bench = Bench::new();
    let value = std::ffi::OsString::from_vec(vec![0xff]);
    bench.sources.env.insert("REELWORK_KLING__ACCOUNT".into(), value);
    assert_eq!(bench.problems(), ["1. REELWORK_KLING__ACCOUNT: is not UTF-8"]);
}

#[test]
fn unknown_variables_of_ours_are_problems_and_others_are_not() {
    let bench = Bench::new()
        .env("REELWORK_TEST_AMQP_URL", "amqp://h")
        .env("RUST_LOG", "trace")
        .env("REELWORKER_X", "1");
    bench.config();
    let bench = bench
        .env("REELWORK_GATEWAY_SERVICE_HOST", "10.0.0.1")
        .env("REELWORK_GATEWAY__PORT", "80")
        .env("REELWORK_KLING__API_KEY_FILES", "x")
        .env("REELWORK_LIMITS__VIDEOS_FILE", "x")
        .env("reelwork_kling__api_key", "x");
    assert_eq!(
        bench.problems(),
        [
            "1. REELWORK_GATEWAY_SERVICE_HOST: unknown variable; \
             if Kubernetes set it, set enableServiceLinks to false in the pod",
            "2. REELWORK_GATEWAY__PORT: unknown variable",
            "3. REELWORK_KLING__API_KEY_FILES: unknown variable",
            "4. REELWORK_LIMITS__VIDEOS_FILE: unknown variable; \
             only secrets can be read from a file",
            "5. reelwork_kling__api_key: unknown variable; did you mean REELWORK_KLING__API_KEY?",
        ]
    );
}

#[test]
fn a_value_that_is_overridden_cannot_be_wrong() {
    let bench = Bench::new().env("REELWORK_LIMITS__VIDEOS", "five").flag("limits.videos", "6");
    assert_eq!(bench.config().limits.videos, SlotCount::Number(6));
}

#[test]
fn keys_that_do_not_go_together_are_a_problem() {
    for (key, value, expected) in [
        ("broker.url", "amqp://h", "1. ledger.url: is embedded while broker.url is amqp://h"),
        ("ledger.url", "redis://h", "1. ledger.url (flag): is redis://h while broker.url is"),
        (
            "gateway.callback_url",
            "http://h",
            "1. gateway.callback_url (flag): is set while gateway",
        ),
        (
            "broker.client_key_file",
            "/x.pem",
            "1. broker.client_key_file (flag): is set while broker.client_cert_file is not; a",
        ),
    ] {
        let problem = misfit(key, value);
        assert!(problem.starts_with(expected), "{problem}\n{expected}");
    }
    let deaf = Bench::new().flag("kling.trust_denials", "true").flag("kling.look_up", "none");
    assert!(deaf.problems()[0].to_string().contains("kling.look_up is none"));
    let open = Bench::new().flag("broker.url", "amqp://u:p@h").flag("ledger.url", "redis://h");
    let open = open.flag("broker.ca_file", "/x.pem");
    let expected = "1. broker.ca_file (flag): is set while broker.url is amqp://***@h, which is not \
                    encrypted; write amqps://, usually with port 5671";
    assert_eq!(open.problems(), [expected]);
    for (url, encrypted) in [
        ("redis://h", false),
        ("redis+sentinel://a,b/m", false),
        ("redis+unix:///s", false),
        ("rediss://h", true),
        ("REDISS://h", true),
        ("rediss+cluster://a,b", true),
        ("rediss-sentinel://a/m", true),
    ] {
        let bench = Bench::new().flag("broker.url", "amqp://h").flag("ledger.url", url);
        let loaded = bench.flag("ledger.ca_file", "/x.pem").load().map(drop);
        assert_eq!(loaded.is_ok(), encrypted, "{url}: {loaded:?}");
        let problems = loaded.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(encrypted || problems.contains("ledger.ca_file (flag): is set while"));
    }
    Bench::new()
        .flag("broker.url", "amqp://h")
        .flag("ledger.url", "redis+unix:///run/redis.sock?db=1")
        .config();
}

#[test]
fn a_rule_is_silent_about_a_key_that_could_not_be_read() {
    let bench = Bench::new().flag("broker.url", "nonsense").flag("ledger.url", "redis://h");
    assert_eq!(bench.problems().len(), 1);
}

#[test]
fn codes_that_make_no_sense_are_refused() {
    for (text, problem) in [
        (
            "kling.busy_codes = [\"503\", \"200\"]",
            "1. kling.busy_codes (DIR/a.toml): names \"200\", which is no error: a task may have been created",
        ),
        (
            "kling.busy_codes = [\"0\"]",
            "1. kling.busy_codes (DIR/a.toml): names \"0\", which is no error",
        ),
        ("kling.busy_codes = [\"Success\"]", "1. kling.busy_codes (DIR/a.toml): names \"success\""),
        (
            "kling.busy_codes = [\"1201\"]",
            "1. kling.busy_codes (DIR/a.toml): names \"1201\", Kling's number for what no repeat can mend",
        ),
        (
            "kling.busy_codes = [\"Invalid_Request\"]",
            "1. kling.busy_codes (DIR/a.toml): names \"invalid_request\", which kling.refusal_codes names too",
        ),
        (
            "kling.refusal_codes = [\"204\"]",
            "1. kling.refusal_codes (DIR/a.toml): names \"204\", which is no error",
        ),
    ] {
        let problems = Bench::new().file("a.toml", text).problems();
        assert_eq!(problems.len(), 1, "{text}: {problems:#?}");
        assert!(problems[0].starts_with(problem), "{}\n{problem}", problems[0]);
    }
    Bench::new().file("a.toml", "kling.busy_codes = [\"503\", \"1302\", \"overloaded\"]").config();
}

#[test]
fn a_namespace_that_rabbitmq_keeps_for_itself_is_refused() {
    for namespace in ["amq", "amq.x", "amq.reelwork"] {
        let problem = misfit("broker.namespace", namespace);
        assert!(problem.contains("broker.namespace") && problem.contains("reserves"), "{problem}");
    }
    for namespace in ["amqp", "x.amq", "AMQ.x"] {
        assert!(Bench::new().flag("broker.namespace", namespace).load().is_ok(), "{namespace}");
    }
}

#[test]
fn a_callback_secret_that_can_be_guessed_is_refused() {
    const KEY: &str = "gateway.callback_secrets";
    for secrets in ["seven77", "long-enough-0001,seven77"] {
        let problems = Bench::new().flag(KEY, secrets).problems();
        assert_eq!(problems.len(), 1, "{secrets}: {problems:#?}");
        let expected = format!("1. {KEY} (flag): holds a secret of less than 8 bytes");
        assert!(problems[0].starts_with(&expected), "{}\n{expected}", problems[0]);
        assert!(!problems[0].contains("seven77"), "it is still a secret: {}", problems[0]);
    }
    Bench::new().flag(KEY, "eight888").config();
}

#[test]
fn clients_without_a_key_are_served_on_this_machine_only() {
    for api in ["gateway.kling_api", "gateway.jobs_api"] {
        let serving = || Bench::new().flag(api, "true");
        for listen in ["127.0.0.1:8081", "[::1]:8081"] {
            serving().flag("gateway.listen", listen).config();
        }
        for listen in ["0.0.0.0:8081", "192.168.1.7:8081", "[::]:8081"] {
            let others = || serving().flag("gateway.listen", listen);
            let problems = others().problems();
            let expected = format!("1. {api} (flag): is true while gateway.listen is {listen}");
            assert!(problems[0].starts_with(&expected), "{problems:?}");
            others().flag("gateway.keys_file", "keys.toml").config();
        }
    }
    let serving = || Bench::new().flag("gateway.kling_api", "true");
    let secret = "long-enough-0001";
    let called_back = |url| {
        let bench = serving().flag("gateway.callback_url", url);
        bench.flag("gateway.callback_secrets", secret)
    };
    called_back("http://localhost:8081").config();
    let problems = called_back("https://tunnel.example").problems();
    assert!(problems[0].contains("callback_url is https://tunnel.example"), "{problems:?}");
}

#[test]
fn slots_may_be_found_between_two_numbers() {
    let bench = Bench::new().flag("limits.videos", "auto");
    assert_eq!(bench.config().limits.videos, SlotCount::Auto);
    let floor = bench.flag("limits.floor", "6");
    assert_eq!(
        floor.problems(),
        ["1. limits.floor (flag): is 6 while limits.audio is 5; \
          the fewest slots are not more than the most"]
    );
    let floor = floor.flag("limits.audio", "0").flag("limits.ceiling", "3");
    assert_eq!(
        floor.problems(),
        ["1. limits.floor (flag): is 6 while limits.ceiling is 3; \
          the fewest slots are not more than the most"]
    );
    assert_eq!(floor.flag("limits.ceiling", "6").config().limits.floor, 6, "0 is no limit");
}

#[test]
fn caps_on_spending_that_contradict_each_other_are_all_reported() {
    let problems = Bench::new()
        .flag("money.account_per_day", "100")
        .flag("money.account_per_month", "60")
        .flag("money.tenant_per_day", "70")
        .flag("money.tenants_per_day", "acme=5,batch=4")
        .flag("money.tenants_per_month", "acme=4")
        .problems();
    let expected = [
        "money.account_per_day (flag): is 100.00, more than 60.00 (money.account_per_month): it is \
         never reached; lower it, or remove it",
        "money.tenant_per_day (flag): is 70.00, more than 60.00 (money.account_per_month): it is \
         never reached; lower it, or remove it",
        "money.tenants_per_day (flag): is 5.00 for acme, more than 4.00 (money.tenants_per_month): it \
         is never reached; lower it, or remove it",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.ends_with(expected), "{problem}\n{expected}");
    }
}

#[test]
fn a_cap_enables_counting_and_contradicts_its_absence() {
    let enabled = |bench: Bench| bench.load().unwrap().config.money.is_enabled();
    assert!(!enabled(Bench::new()));
    assert!(enabled(Bench::new().flag("money.enabled", "true")));
    assert!(enabled(Bench::new().flag("money.tenants_per_day", "acme=5")));
    let bench = Bench::new().flag("money.enabled", "false").flag("money.tenant_per_day", "5");
    let problems = bench.problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].contains("is set while money.enabled is false"), "{problems:?}");
}
