use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

fn pause(scope: &str) -> ManualPause {
    let scope = PauseScope::parse(scope).unwrap();
    ManualPause { scope, reason: "costs".to_owned(), since: NOW, until: None, by: None }
}

fn place(scopes: &[&str], tenant_name: &str, operation: &str) -> Option<HeldPlace> {
    let pauses: Vec<_> = scopes.iter().map(|scope| pause(scope)).collect();
    let held = held(&pauses, &tenant(tenant_name), &Operation::new(operation), NOW);
    held.map(|held| held.place)
}

#[test]
fn a_pause_holds_the_jobs_of_its_scope_and_no_others() {
    let (video, image) = ("videos/text2video", "images/generations");
    let cases = [
        ("account", "acme", video, Some(HeldPlace::Lane)),
        ("pool videos", "acme", video, Some(HeldPlace::Lane)),
        ("pool videos", "acme", image, None),
        ("tenant acme", "acme", image, Some(HeldPlace::WaitingRoom)),
        ("tenant acme", "acme2", image, None),
        ("operation videos/text2video", "acme", video, Some(HeldPlace::DelayQueue)),
        ("operation videos/text2video", "acme", "videos/image2video", None),
    ];
    for (scope, tenant, operation, expected) in cases {
        assert_eq!(place(&[scope], tenant, operation), expected, "{scope} {tenant} {operation}");
    }
    assert_eq!(place(&[], "acme", video), None);
}

#[test]
fn of_several_pauses_the_widest_decides() {
    let video = "videos/text2video";
    let all = ["operation videos/text2video", "tenant acme", "pool videos"];
    assert_eq!(place(&all, "acme", video), Some(HeldPlace::Lane));
    assert_eq!(place(&all[..2], "acme", video), Some(HeldPlace::WaitingRoom));
}

#[test]
fn a_pause_that_has_ended_holds_nothing() {
    let until = |until| ManualPause { until: Some(until), ..pause("account") };
    let held = |pause| held(&[pause], &tenant("a"), &Operation::new("videos/x"), NOW);
    assert_eq!(held(until(NOW)), None);
    let why = held(until(NOW + Duration::from_millis(1))).unwrap().why;
    assert_eq!(why, "the account is paused by hand until 1970-01-12T13:46:40.001Z: costs");
}

#[test]
fn a_job_returns_more_rarely_the_longer_it_is_paused() {
    let after = |age: u64, left: Option<u64>| {
        let since = Timestamp::from_millis(NOW.as_millis() - 1_000 * age as i64);
        let until = left.map(|left| NOW + Duration::from_secs(left));
        ManualPause { since, until, ..pause("account") }.returns_after(NOW)
    };
    assert_eq!(after(0, None), RetryDelay::FiveSeconds);
    assert_eq!(after(60, None), RetryDelay::ThirtySeconds);
    assert_eq!(after(600, None), RetryDelay::TwoMinutes);
    assert_eq!(after(100_000, None), RetryDelay::TwoMinutes, "it is minutes late at most");
    assert_eq!(after(600, Some(100)), RetryDelay::ThirtySeconds, "it ends before");
    assert_eq!(after(600, Some(10)), RetryDelay::FiveSeconds);
    assert_eq!(after(600, Some(2)), RetryDelay::OneSecond);
    assert_eq!(after(0, Some(100_000)), RetryDelay::FiveSeconds);
}

#[test]
fn lanes_stop_for_their_account_and_their_pool_only() {
    let stopped = |scope| pause(scope).stops_lanes_of(Resource::Videos);
    assert!(stopped("account") && stopped("pool videos"));
    let passes = ["pool images", "tenant acme", "operation videos/text2video"];
    assert!(!passes.into_iter().any(stopped));
}

#[test]
fn a_scope_reads_back_as_it_is_written() {
    for text in ["account", "pool audio", "tenant a.b_c-d", "operation videos/text2video"] {
        let scope = PauseScope::parse(text).unwrap();
        assert_eq!(scope.to_string(), text);
        assert!(PauseScope::KINDS.contains(&scope.kind()));
        let json = serde_json::to_string(&scope).unwrap();
        assert_eq!(serde_json::from_str::<PauseScope>(&json).unwrap(), scope);
    }
    for text in ["", "account x", "pool", "pool gifs", "tenant", "tenant a b", "operation", "job a"]
    {
        assert_eq!(PauseScope::parse(text), None, "{text}");
    }
}
