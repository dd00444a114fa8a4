//! The example file agrees with the configuration.

use daemon::{Source, example};

use crate::bench::Bench;

#[test]
fn the_example_reads_back_as_the_defaults() {
    let defaults = Bench::new().load().unwrap().effective;
    let bench = Bench::new().file("example.toml", &example());
    let file = Source::File(bench.sources.files[0].clone());
    let rows = bench.load().unwrap().effective;
    for (row, default) in rows.iter().zip(&defaults) {
        assert_eq!((row.key, &row.value), (default.key, &default.value));
    }
    let unset: Vec<_> = rows.iter().filter(|row| row.source != file).map(|row| row.key).collect();
    assert_eq!(
        unset,
        [
            "kling.api_key",
            "kling.ca_file",
            "kling.busy_codes",
            "broker.ca_file",
            "broker.client_cert_file",
            "broker.client_key_file",
            "ledger.sentinel_password",
            "ledger.ca_file",
            "ledger.client_cert_file",
            "ledger.client_key_file",
            "embedded.path",
            "accounts.key_files",
            "accounts.base_urls",
            "accounts.tenants",
            "accounts.videos",
            "accounts.images",
            "accounts.audio",
            "accounts.rates",
            "accounts.max_submissions_per_day",
            "tenants.weights",
            "tenants.concurrencies",
            "tenants.rates",
            "money.enabled",
            "money.prices",
            "money.account_per_day",
            "money.account_per_month",
            "money.accounts_per_day",
            "money.accounts_per_month",
            "money.tenant_per_day",
            "money.tenant_per_month",
            "money.tenants_per_day",
            "money.tenants_per_month",
            "gateway.callback_url",
            "gateway.callback_secrets",
            "gateway.keys_file",
            "webhooks.secrets",
            "webhooks.allow_networks",
            "webhooks.allow_ports",
            "admin.listen",
            "telemetry.otlp_endpoint"
        ]
    );
}

fn is_prose(line: &str) -> bool {
    line.starts_with("# ") || line == "#"
}

#[test]
fn what_is_commented_out_in_the_example_can_be_used() {
    let uncommented: Vec<_> = example()
        .lines()
        .map(|line| if is_prose(line) { "" } else { line.trim_start_matches('#') }.to_owned())
        .collect();
    let bench = Bench::new().file("example.toml", &uncommented.join("\n"));
    for row in bench.load().unwrap().effective {
        assert_ne!(row.source, Source::Default, "{}", row.key);
    }
}

#[test]
fn every_setting_in_the_example_has_one_line_of_meaning_above_it() {
    let text = example();
    let lines: Vec<_> = text.lines().collect();
    let settings = lines.windows(2).filter(|pair| !is_prose(pair[1]) && pair[1].contains(" = "));
    let mut count = 0;
    for pair in settings {
        assert!(is_prose(pair[0]), "{}", pair[1]);
        count += 1;
    }
    assert_eq!(count, Bench::new().load().unwrap().effective.len());
}
