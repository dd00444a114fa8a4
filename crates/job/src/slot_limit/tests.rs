mod provider;

use provider::Pool;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const AUTO: SlotRange = SlotRange { floor: 1, begin: 4, ceiling: 1_000 };

fn at(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

fn full(slots: u32) -> Overload {
    Overload { cause: OverloadCause::Slots, retry_after: None, used: slots, again: true }
}

fn too_many(slots: u32) -> Overload {
    Overload { cause: OverloadCause::Requests, ..full(slots) }
}

#[test]
fn a_configured_number_is_the_limit_until_the_provider_refuses() {
    let range = SlotRange::up_to(20, 1);
    let limit = SlotLimit::begin(range, NOW);
    assert_eq!(limit.slots, 20);
    assert_eq!(limit.grown(range, at(1_000)), None);
    assert_eq!(limit.refused(range, full(20), at(1)).slots, 19);
}

#[test]
fn each_refusal_of_a_burst_shows_one_slot_less() {
    let mut limit = SlotLimit { slots: 32, ..SlotLimit::begin(AUTO, NOW) };
    for _ in 0..12 {
        limit = limit.refused(AUTO, full(32), at(1));
    }
    assert_eq!((limit.slots, limit.is_paused(at(1))), (20, false));
}

#[test]
fn far_too_high_a_number_is_left_in_a_few_refusals() {
    let range = SlotRange::up_to(1_000, 1);
    let (mut limit, mut refusals) = (SlotLimit::begin(range, NOW), 0);
    while limit.slots > 20 {
        limit = limit.refused(range, full(21), at(refusals));
        refusals += 1;
    }
    assert_eq!(limit.slots, 20);
    assert!(refusals < 20, "{refusals}");
}

#[test]
fn slots_that_were_given_back_meanwhile_cost_a_quarter_at_most() {
    let limit = SlotLimit::begin(SlotRange::up_to(100, 1), NOW);
    assert_eq!(limit.refused(AUTO, full(3), NOW).slots, 74);
}

#[test]
fn a_try_that_is_refused_costs_no_slot_that_was_used_before() {
    let mut limit = SlotLimit { slots: 3, doubles_to: 3, ..SlotLimit::begin(AUTO, NOW) };
    limit = limit.grown(AUTO, at(5)).expect("a try");
    limit = limit.refused(AUTO, full(3), at(6));
    assert_eq!(limit.slots, 3, "one was given back meanwhile");
    assert_eq!(limit.refused(AUTO, full(3), at(7)).slots, 2, "now the provider takes fewer");
}

#[test]
fn too_many_requests_cost_a_quarter_of_the_slots_once_a_burst() {
    let range = SlotRange::up_to(100, 1);
    let once = SlotLimit::begin(range, NOW).refused(range, too_many(100), at(1));
    let twice = once.refused(range, too_many(99), at(1));
    assert_eq!((once.slots, twice.slots), (75, 75));
    assert!(once.is_paused(at(1)) && !once.is_paused(at(2)));
    assert_eq!(twice.refused(range, too_many(75), at(3)).slots, 56);
}

#[test]
fn the_time_that_the_provider_names_is_waited_for_in_full() {
    for cause in [OverloadCause::Slots, OverloadCause::Requests] {
        let overload = Overload { cause, retry_after: Some(Duration::from_secs(90)), ..full(5) };
        let limit = SlotLimit::begin(AUTO, NOW).refused(AUTO, overload, NOW);
        assert!(limit.is_paused(at(89)) && !limit.is_paused(at(90)));
        let later = limit.refused(AUTO, too_many(1), at(1));
        assert_eq!(later.paused_until, at(90), "a shorter one ends it not");
    }
}

#[test]
fn a_time_of_nothing_is_no_permission_to_go_on() {
    let none = Overload { retry_after: Some(Duration::ZERO), ..too_many(20) };
    let mut limit = SlotLimit::begin(SlotRange::up_to(20, 1), NOW);
    let mut now = NOW;
    for _ in 0..5 {
        limit = limit.refused(AUTO, none, now);
        assert!(limit.paused_until.since(now) >= Duration::from_secs(1), "{limit:?}");
        now = limit.paused_until;
    }
    assert!(limit.slots <= 5, "each pause is another burst: {limit:?}");
}

#[test]
fn refusals_without_a_break_lower_the_slots_again_after_a_second() {
    let mut limit = SlotLimit::begin(SlotRange::up_to(100, 1), NOW);
    for tenth in 0..30 {
        limit = limit.refused(AUTO, too_many(100), NOW + Duration::from_millis(100 * tenth));
    }
    assert_eq!(limit.slots, 42, "three times a quarter");
}

#[test]
fn what_is_stored_beyond_the_configured_number_hides_no_refusal() {
    let stored = SlotLimit::begin(SlotRange::up_to(800, 1), NOW);
    assert_eq!(stored.refused(SlotRange::up_to(20, 1), full(20), NOW).slots, 19);
    let times = r#"{"slots":7,"paused_until":0}"#;
    let older: SlotLimit = serde_json::from_str(times).expect("of another version");
    assert_eq!(older.slots, 7);
}

#[test]
fn a_pause_from_a_clock_that_was_set_back_is_over() {
    let overload = Overload { retry_after: Some(Duration::from_secs(600)), ..full(5) };
    let limit = SlotLimit::begin(AUTO, NOW).refused(AUTO, overload, at(7_200));
    assert!(limit.is_paused(at(7_201)) && !limit.is_paused(at(10)));
}

#[test]
fn at_the_floor_pauses_grow_and_begin_anew_later() {
    let mut limit = SlotLimit { slots: 1, ..SlotLimit::begin(AUTO, NOW) };
    let mut pauses = Vec::new();
    let mut now = NOW;
    for _ in 0..7 {
        limit = limit.refused(AUTO, full(1), now);
        pauses.push(limit.paused_until.since(now).as_secs());
        now = limit.paused_until;
    }
    assert_eq!(pauses, [1, 2, 4, 5, 5, 5, 5]);
    let between = limit.refused(AUTO, Overload { again: false, ..full(1) }, now);
    assert_eq!(between.paused_until, now + Duration::from_secs(1), "a task was accepted");
    let later = now + Duration::from_secs(60);
    assert_eq!(limit.refused(AUTO, full(1), later).paused_until, later + Duration::from_secs(1));
}

#[test]
fn after_long_refusals_of_all_the_slots_come_back_soon() {
    let range = SlotRange::up_to(20, 1);
    let mut pool = Pool::new(range, 20);
    pool.run(30);
    pool.provider = 0;
    pool.run(20 * 60);
    pool.forget_counts();
    pool.run(10 * 60);
    // One every five seconds.
    assert!(pool.sent <= 125, "{} requests in ten minutes", pool.sent);
    pool.provider = 20;
    pool.run(30 + 10);
    assert!(pool.limit.slots >= 19, "{:?}", pool.limit);
}

#[test]
fn tries_that_are_refused_become_rare() {
    let mut limit = SlotLimit { slots: 21, ..SlotLimit::begin(AUTO, NOW) };
    let (mut now, mut waits) = (NOW, Vec::new());
    for _ in 0..8 {
        limit = limit.refused(AUTO, full(21), now);
        assert_eq!(limit.slots, 20);
        waits.push(limit.grows_at.since(now).as_secs());
        now = limit.grows_at;
        limit = limit.grown(AUTO, now).expect("a try");
        assert_eq!(limit.slots, 21);
    }
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 600]);
}

#[test]
fn tries_that_succeed_become_bolder() {
    let mut limit = SlotLimit::begin(AUTO, NOW).refused(AUTO, full(5), NOW);
    let mut slots = Vec::new();
    for step in 1..=5 {
        limit = limit.grown(AUTO, at(5 * step)).expect("a try");
        slots.push(limit.slots);
    }
    assert_eq!(slots, [4, 6, 10, 18, 34]);
}

#[test]
fn after_an_outage_the_slots_are_doubled_up_to_what_was_known() {
    let range = SlotRange::up_to(20, 1);
    let begin = SlotLimit::begin(range, NOW);
    let mut limit = begin.restarted(range, 3, at(100)).expect("a slow start");
    assert_eq!(limit.restarted(range, 2, at(100)), None, "by another worker");
    let mut slots = vec![limit.slots];
    for step in 1..=3 {
        limit = limit.grown(range, at(100 + 2 * step)).expect("a try");
        slots.push(limit.slots);
    }
    assert_eq!(slots, [3, 6, 12, 20]);
    assert_eq!(limit.grown(range, at(1_000)), None);
    assert_eq!(begin.restarted(range, 20, at(100)), None, "all are in use");
    let half = begin.restarted(range, 3, at(200)).and_then(|limit| limit.grown(range, at(201)));
    let again = half.and_then(|limit| limit.restarted(range, 2, at(300))).expect("a slow start");
    let grown = again.grown(range, at(301)).and_then(|limit| limit.grown(range, at(302)));
    assert_eq!(grown.map(|limit| limit.slots), Some(8), "still doubled: {again:?}");
}

#[test]
fn a_limit_is_found_in_thirty_seconds_and_then_hardly_ever_exceeded() {
    for limit in [1, 2, 3, 5, 9, 20, 21, 50, 200, 500] {
        let mut pool = Pool::new(AUTO, limit);
        pool.run(30);
        assert!(pool.limit.slots.abs_diff(limit) <= 1, "{limit}: {:?}", pool.limit);
        pool.forget_counts();
        pool.run(300);
        // With few tasks, the tries of five minutes are more than two percent.
        let most = (pool.sent / 50).max(8);
        assert!(pool.refused <= most, "{limit}: {} of {} refused", pool.refused, pool.sent);
        assert!(pool.used_share() >= 0.95, "{limit}: {} used", pool.used_share());
    }
}

#[test]
fn a_limit_that_changes_is_followed() {
    let mut pool = Pool::new(AUTO, 50);
    pool.run(60);
    pool.provider = 20;
    pool.run(30);
    assert!(pool.limit.slots <= 21, "{:?}", pool.limit);
    pool.provider = 80;
    pool.run(15 * 60);
    assert!(pool.limit.slots >= 76, "{:?}", pool.limit);
}
