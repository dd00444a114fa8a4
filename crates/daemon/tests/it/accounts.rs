//! Several accounts: the configuration of each, and what contradicts itself.

use daemon::{Config, ExposeSecret, MicroUsd, SlotCount};

use crate::bench::Bench;

const FILES: &str = "accounts.key_files";

/// The accounts main, b and a; their files do not exist.
fn three() -> Bench {
    Bench::new().flag("kling.account", "main").flag(FILES, "b=/none/b,a=/none/a")
}

fn names(config: &Config) -> Vec<String> {
    config.accounts().iter().map(|account| account.kling.account.clone()).collect()
}

#[test]
fn one_account_is_as_before() {
    let config = Bench::new().flag("money.account_per_day", "5").config();
    let accounts = config.accounts();
    assert_eq!(names(&config), ["default"]);
    assert_eq!(accounts[0].kling.base_url, config.kling.base_url);
    assert_eq!(accounts[0].money.account_per_day, Some(MicroUsd(5_000_000)));
    assert!(accounts[0].money.is_enabled());
}

#[test]
fn each_account_has_its_own_values_or_those_of_the_first() {
    let config = three()
        .flag("kling.base_url", "http://main")
        .flag("accounts.base_urls", "a=http://a")
        .flag("limits.videos", "7")
        .flag("limits.rate", "60")
        .flag("limits.max_submissions_per_day", "900")
        .flag("accounts.videos", "a=auto")
        .flag("accounts.images", "a=1")
        .flag("accounts.audio", "b=0")
        .flag("accounts.rates", "b=0")
        .flag("accounts.max_submissions_per_day", "a=3")
        .flag("money.account_per_month", "100")
        .flag("money.accounts_per_day", "a=2")
        .flag("money.accounts_per_month", "a=50")
        .config();
    assert_eq!(names(&config), ["main", "a", "b"], "the first, then by name");
    assert_eq!(config.account_names(), ["main", "a", "b"]);
    let [main, a, b] = <[Config; 3]>::try_from(config.accounts()).unwrap();
    let url = |config: &Config| config.kling.base_url.to_string();
    assert_eq!([&main, &a, &b].map(url), ["http://main/", "http://a/", "http://main/"]);
    let slots = |config: &Config| {
        let limits = &config.limits;
        [limits.videos, limits.images, limits.audio].map(|slots| slots.to_string()).join(" ")
    };
    assert_eq!([&main, &a, &b].map(slots), ["7 9 5", "auto 1 5", "7 9 0"]);
    let counts = |config: &Config| (config.limits.rate, config.limits.max_submissions_per_day);
    assert_eq!([&main, &a, &b].map(counts), [(60, 900), (60, 3), (0, 900)]);
    let caps = |config: &Config| {
        [config.money.account_per_day, config.money.account_per_month]
            .map(|cap| cap.map_or("-".to_owned(), |cap| cap.to_string()))
            .join(" ")
    };
    assert_eq!([&main, &a, &b].map(caps), ["- 100.00", "2.00 50.00", "- 100.00"]);
}

#[test]
fn what_is_made_of_one_account_is_of_it_alone() {
    let config = three().flag("accounts.tenants", "acme=a").config();
    let account = config.of_account("a").unwrap();
    assert_eq!(names(&account), ["a"]);
    assert!(account.accounts.tenants.is_empty());
    assert_eq!(names(&config.of_first_account()), ["main"]);
    assert!(config.of_account("c").is_none());
}

/// Whoever counts for one account only would hold back nothing for the others.
#[test]
fn costs_are_counted_for_all_accounts_or_for_none() {
    let enabled = |bench: Bench| {
        let accounts = bench.config().accounts();
        accounts.iter().map(|account| account.money.is_enabled()).collect::<Vec<_>>()
    };
    assert_eq!(enabled(three()), [false; 3]);
    assert_eq!(enabled(three().flag("money.accounts_per_day", "a=2")), [true; 3]);
    assert_eq!(enabled(three().flag("money.accounts_per_month", "b=2")), [true; 3]);
    assert_eq!(enabled(three().flag("money.enabled", "true")), [true; 3]);
}

#[test]
fn a_key_is_read_from_its_file_only_where_it_is_needed() {
    let bench = Bench::new();
    let file = bench.write("key", "of-a\n");
    let files = format!("a={},b=/none/canary-b", file.display());
    let bench = bench.flag(FILES, &files).flag("kling.api_key", "of-the-first");
    let config = bench.config();
    let key = |name| config.of_account(name).unwrap().kling.require_api_key();
    assert_eq!(key("default").unwrap().expose_secret(), "of-the-first");
    assert_eq!(key("a").unwrap().expose_secret(), "of-a");
    let error = key("b").unwrap_err().to_string();
    assert!(error.starts_with("accounts.key_files: the key of account b cannot"), "{error}");
    assert!(!error.contains("canary"), "{error}");
}

#[test]
fn a_tenant_may_have_several_accounts_and_the_first_one_too() {
    let config = three().flag("accounts.tenants", "acme=b,acme=main,other=b").config();
    let tenants = &config.accounts.tenants;
    assert_eq!(
        (&tenants["acme"][..], &tenants["other"][..]),
        (&["b".into(), "main".into()][..], &["b".into()][..])
    );
}

/// Without the numbers.
fn problems(bench: Bench) -> Vec<String> {
    let words = |line: &String| line.split_once(". ").unwrap().1.to_owned();
    bench.problems().iter().map(words).collect()
}

#[test]
fn a_name_that_is_no_account_is_refused_in_every_list() {
    let lists = [
        ("accounts.base_urls", "elsewhere=http://h"),
        ("accounts.tenants", "acme=elsewhere"),
        ("accounts.videos", "elsewhere=1"),
        ("accounts.images", "elsewhere=1"),
        ("accounts.audio", "elsewhere=1"),
        ("accounts.rates", "elsewhere=1"),
        ("accounts.max_submissions_per_day", "elsewhere=1"),
        ("money.accounts_per_day", "elsewhere=1"),
        ("money.accounts_per_month", "elsewhere=1"),
    ];
    let all = lists.iter().fold(three(), |bench, (key, value)| bench.flag(key, value));
    let found = problems(all);
    assert_eq!(found.len(), lists.len(), "{found:#?}");
    for (key, _) in lists {
        let expected = format!(
            "{key} (flag): names elsewhere, which is no account; accounts.key_files declares accounts"
        );
        assert!(found.contains(&expected), "{expected}\n{found:#?}");
    }
}

#[test]
fn the_nearest_account_is_proposed() {
    let bench = Bench::new()
        .flag(FILES, "second=/none/s")
        .flag("accounts.rates", "secnod=1")
        .flag("accounts.tenants", "acme=defualt");
    assert_eq!(
        problems(bench),
        [
            "accounts.rates (flag): names secnod, which is no account; did you mean second?",
            "accounts.tenants (flag): names defualt, which is no account; did you mean default?",
        ]
    );
}

#[test]
fn the_first_account_has_its_own_keys() {
    for (key, value, own) in [
        (FILES, "default=/none/x", "kling.api_key"),
        ("accounts.base_urls", "default=http://h", "kling.base_url"),
        ("accounts.videos", "default=1", "limits.videos"),
        ("accounts.images", "default=1", "limits.images"),
        ("accounts.audio", "default=1", "limits.audio"),
        ("accounts.rates", "default=1", "limits.rate"),
        ("accounts.max_submissions_per_day", "default=1", "limits.max_submissions_per_day"),
        ("money.accounts_per_day", "default=1", "money.account_per_day"),
        ("money.accounts_per_month", "default=1", "money.account_per_month"),
    ] {
        let expected =
            format!("{key} (flag): names default, which is kling.account; set {own} for it");
        assert_eq!(problems(Bench::new().flag(key, value)), [expected]);
    }
}

#[test]
fn some_account_serves_tenants_that_are_not_named() {
    let bench = three().flag("accounts.tenants", "acme=a,acme=main,x=b");
    assert_eq!(
        problems(bench),
        ["accounts.tenants (flag): names all accounts: none is left for tenants that it does not \
          name; leave one account out"]
    );
    assert_eq!(problems(Bench::new().flag("accounts.tenants", "acme=default")).len(), 1);
    three().flag("accounts.tenants", "acme=a,acme=main").config();
}

#[test]
fn a_list_that_cannot_be_read_is_the_only_problem() {
    let bench = Bench::new().flag(FILES, "a=/none/a,a=/none/b").flag("accounts.rates", "a=1");
    let found = problems(bench.flag("accounts.tenants", "acme=a"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("accounts.key_files (flag): names the account a twice"));
}

#[test]
fn no_account_has_fewer_slots_than_the_fewest() {
    let bench = three()
        .flag("limits.floor", "5")
        .flag("limits.ceiling", "4")
        .flag("accounts.videos", "a=4,b=0")
        .flag("accounts.images", "b=auto");
    let hint = "the fewest slots are not more than the most";
    assert_eq!(
        problems(bench),
        [
            format!("limits.floor (flag): is 5 while accounts.videos is 4 for a; {hint}"),
            format!("limits.floor (flag): is 5 while limits.ceiling is 4 for b; {hint}"),
        ]
    );
}

#[test]
fn caps_contradict_each_other_within_an_account() {
    let reached = "it is never reached; lower it, or remove it";
    let bench = three()
        .flag("money.account_per_day", "10")
        .flag("money.account_per_month", "30")
        .flag("money.accounts_per_day", "a=31")
        .flag("money.accounts_per_month", "b=9");
    assert_eq!(
        problems(bench),
        [
            format!(
                "money.accounts_per_day (flag): is 31.00 for a, more than 30.00 \
                 (money.account_per_month): {reached}"
            ),
            format!(
                "money.account_per_day (flag): is 10.00 for b, more than 9.00 \
                 (money.accounts_per_month): {reached}"
            ),
        ]
    );
    let both =
        three().flag("money.accounts_per_day", "a=3").flag("money.accounts_per_month", "a=2");
    assert_eq!(problems(both).len(), 1);
    let apart =
        three().flag("money.accounts_per_day", "a=3").flag("money.accounts_per_month", "b=2");
    apart.config();
}

#[test]
fn a_contradiction_that_all_accounts_share_is_reported_once() {
    let bench = three().flag("money.account_per_day", "10").flag("money.account_per_month", "5");
    let found = problems(bench);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("money.account_per_day (flag): is 10.00, more than 5.00"));
}

#[test]
fn a_tenant_may_spend_what_all_accounts_may() {
    let bench =
        || three().flag("money.account_per_day", "10").flag("money.accounts_per_day", "a=5");
    bench().flag("money.tenant_per_day", "25").config();
    let found = problems(bench().flag("money.tenant_per_day", "25.01"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("money.tenant_per_day (flag): is 25.01, more than 25.00 (money.a")
    );
    let endless = three().flag("money.accounts_per_day", "a=5,b=5");
    endless.flag("money.tenants_per_day", "acme=1000").config();
}

#[test]
fn a_cap_of_an_account_contradicts_that_nothing_is_counted() {
    let bench = three().flag("money.enabled", "false").flag("money.accounts_per_day", "a=5,b=5");
    let found = problems(bench);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("money.accounts_per_day (flag): is set while money.enabled"));
}

#[test]
fn slots_of_an_account_may_be_found() {
    let config = three().file("a.toml", "[accounts]\nvideos = [\"a=auto\"]\n").config();
    assert_eq!(config.accounts.videos["a"], SlotCount::Auto);
}
