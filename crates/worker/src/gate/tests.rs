use super::rest::BUSY_REST;
use super::*;
use crate::submit::Weather;

const ROUTE: Route = Route::VideosText2video;

fn opened(widest: u16) -> Gate {
    let gate = Gate::new(widest, Held::default());
    gate.open(widest);
    gate
}

fn window(gate: &Gate) -> Option<u16> {
    match gate.door() {
        Door::Open { window } => Some(window),
        Door::Closed { .. } => None,
    }
}

#[test]
fn a_graver_trouble_wins_and_a_lighter_one_does_not() {
    let gate = opened(8);
    gate.close("full", Reopen::WhenFree);
    gate.close("unpaid", Reopen::WhenResumed);
    gate.close("busy", Reopen::After(BUSY_REST));
    assert_eq!(gate.door(), Door::Closed { why: "unpaid".into(), until: Reopen::WhenResumed });
}

#[test]
fn nothing_is_taken_before_the_slots_are_counted() {
    let gate = Gate::new(8, Held::default());
    assert_eq!(window(&gate), None);
    gate.close("unpaid", Reopen::WhenResumed);
    assert!(gate.forbids_sending(), "any trouble is graver");
}

#[test]
fn only_trouble_of_the_provider_or_the_account_forbids_sending() {
    let gate = opened(8);
    assert!(!gate.forbids_sending());
    gate.close("full", Reopen::WhenFree);
    assert!(!gate.forbids_sending());
    gate.close("busy", Reopen::After(BUSY_REST));
    assert!(gate.forbids_sending());
    gate.close("unpaid", Reopen::WhenResumed);
    assert!(gate.forbids_sending());
    gate.open(1);
    assert!(!gate.forbids_sending());
}

#[test]
fn a_door_that_is_held_stays_closed() {
    let gate = opened(8);
    let held = gate.hold();
    gate.close("not journaled", Reopen::After(BUSY_REST));
    gate.open(8);
    assert!(gate.forbids_sending());
    drop(held);
    gate.open(8);
    assert!(!gate.forbids_sending());
}

async fn fair(gate: &Gate) {
    let pass = gate.admit(ROUTE).await.unwrap();
    gate.weather(&pass, &Weather::Fair, 0.5);
}

#[tokio::test(start_paused = true)]
async fn a_reopened_lane_starts_narrow_and_widens_with_permits() {
    let gate = opened(8);
    fair(&gate).await;
    gate.close("full", Reopen::WhenFree);
    gate.open(1);
    let mut seen = Vec::new();
    for _ in 0..20 {
        seen.push(window(&gate).unwrap());
        gate.granted();
    }
    assert_eq!(&seen[..7], [1, 1, 2, 2, 2, 2, 4]);
    assert_eq!(window(&gate), Some(8));
}

#[tokio::test(start_paused = true)]
async fn a_pool_with_a_limit_is_counted_anew_after_a_part_of_the_free_slots() {
    let gate = Gate::new(8, Held { slots: 100, ..Held::default() });
    gate.open_for(40);
    assert_eq!(window(&gate), Some(5));
    gate.granted();
    assert_eq!(window(&gate), Some(5), "not before an answer is understood");
    fair(&gate).await;
    (0..3).for_each(|_| gate.granted());
    assert_eq!(window(&gate), Some(5));
    gate.granted();
    assert_eq!(window(&gate), None);
    assert!(!gate.forbids_sending());
    gate.open_for(7);
    gate.granted();
    assert_eq!(window(&gate), None, "at the first, where few are free");
}

#[tokio::test(start_paused = true)]
async fn any_trouble_rests_the_lane_and_one_tries_whether_it_is_over() {
    for weather in [
        Weather::Unclear { why: "HTTP 500".into() },
        Weather::Path { why: "HTTP 403".into() },
        Weather::Down { why: "refused".into() },
    ] {
        let gate = opened(8);
        fair(&gate).await;
        let (one, another) = (gate.admit(ROUTE).await.unwrap(), gate.admit(ROUTE).await.unwrap());
        gate.weather(&one, &weather, 0.5);
        assert_eq!(gate.admit(ROUTE).await.err(), Some(NotNow::Lane), "{weather:?}");
        drop((one, another));
        gate.open(1);
        let probe = gate.admit(ROUTE).await.unwrap();
        let next = tokio::time::timeout(Duration::from_secs(1), gate.admit(ROUTE));
        assert!(next.await.is_err(), "one at a time");
        gate.weather(&probe, &Weather::Fair, 0.5);
        drop(probe);
        assert!(gate.admit(ROUTE).await.is_ok() && gate.admit(ROUTE).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn why_a_lane_rests_is_told_until_it_is_well() {
    let gate = opened(8);
    assert_eq!(gate.rest(), None);
    let pass = gate.admit(ROUTE).await.unwrap();
    gate.weather(&pass, &Weather::Down { why: "refused".into() }, 1.0);
    drop(pass);
    let rest = gate.rest().unwrap();
    assert_eq!(rest.why, "the provider cannot be reached: refused");
    assert_eq!(rest.until, Some(Instant::now() + Duration::from_secs(1)));
    gate.open(1);
    assert_eq!(gate.rest().unwrap().until, None, "it is only tried");
    fair(&gate).await;
    assert_eq!(gate.rest(), None);
    gate.close("full", Reopen::WhenFree);
    assert_eq!(gate.rest(), None, "a full lane does its work");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_leave_at_a_stop() {
    let gate = opened(8);
    let probe = gate.admit(ROUTE).await.unwrap();
    let waiting = gate.admit(ROUTE);
    let stopped = async { gate.stop() };
    let (waited, ()) = tokio::join!(waiting, stopped);
    assert_eq!(waited.err(), Some(NotNow::Lane), "given back at once");
    drop(probe);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_worker_does_not_last_as_long_as_a_rest_that_is_over() {
    let (gate, long) = (opened(8), Duration::from_secs(900));
    assert!(gate.hears("HTTP 500", Duration::ZERO, long));
    assert_eq!(gate.rest_left(), long);
    tokio::time::advance(Duration::from_secs(2)).await;
    gate.hears_it_is_over(None, Duration::from_secs(1));
    assert_eq!(window(&gate), Some(1), "another worker has understood an answer");
    let short = Duration::from_millis(500);
    gate.wait_for_another(short);
    assert!(gate.forbids_sending());
    assert_eq!(gate.rest_left(), short);
}
