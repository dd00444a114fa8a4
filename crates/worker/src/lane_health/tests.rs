use job::{JobId, JobKey, Tenant};
use kling::Route;

use super::probe::{FEWEST_PASSED_OVER, MOST_PASSED_OVER, PASSING_OVER};
use super::*;
use crate::backoff::PROBE_PATIENCE;

const S: fn(u64) -> Duration = Duration::from_secs;
const TEXT: Route = Route::VideosText2video;
const IMAGE: Route = Route::VideosImage2video;
const WHY: &str = "HTTP 500";

fn hold() -> HoldTimes {
    HoldTimes { slots: 5, post_timeout: S(60), tested: S(100), untested: S(1800) }
}

fn key(n: usize) -> JobKey {
    JobKey::new(Tenant::default(), JobId::new(format!("job-{n}")).unwrap())
}

/// For one and the same job.
fn asked(health: &mut LaneHealth, route: Route, now: Instant) -> Result<Permission, Wait> {
    health.permission(&key(0), route, now)
}

/// As if it was sent then, whether or not it had permission.
fn sent(route: Route, sent_at: Instant) -> Permission {
    Permission { sent_at, route, probe: None, for_route: false }
}

async fn until(at: Instant) -> Instant {
    tokio::time::advance(at - Instant::now()).await;
    at
}

#[tokio::test(start_paused = true)]
async fn one_job_at_a_time_until_an_answer_is_understood() {
    let (mut health, now) = (LaneHealth::default(), Instant::now());
    let probe = asked(&mut health, TEXT, now).unwrap();
    assert_eq!(asked(&mut health, TEXT, now), Err(Wait::Probe(now + PROBE_PATIENCE)));
    health.unclear_answer(&probe, WHY, 0.5);
    health.ended(&probe, now);
    let probe = asked(&mut health, TEXT, now + S(1)).unwrap();
    assert!(asked(&mut health, TEXT, now + S(1)).is_err(), "still one at a time");
    health.understood(&probe, now + S(2));
    for _ in 0..50 {
        assert!(asked(&mut health, TEXT, now + S(2)).is_ok());
    }
    assert!(asked(&mut health, TEXT, now + S(20)).is_ok());
    assert!(asked(&mut health, TEXT, now + S(20)).is_err(), "after a pause one goes first again");
}

#[tokio::test(start_paused = true)]
async fn requests_that_fail_together_are_a_first_and_a_second_failure() {
    let (mut health, now) = (LaneHealth::default(), Instant::now());
    let backoffs: Vec<_> =
        (0..25).map(|_| health.unclear_answer(&sent(TEXT, now), WHY, 1.0).lane.unwrap()).collect();
    let long = Duration::from_millis(4_500);
    assert_eq!((backoffs[0], backoffs[1], backoffs[24]), (SHORT, long, long));
    assert_eq!(health.unclear(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_probe_without_an_answer_keeps_the_lane_for_seconds_only() {
    let (mut health, now) = (LaneHealth::default(), Instant::now());
    let hangs = asked(&mut health, TEXT, now).unwrap();
    let next = asked(&mut health, TEXT, now + PROBE_PATIENCE).unwrap();
    health.ended(&hangs, now);
    assert!(
        asked(&mut health, TEXT, now + PROBE_PATIENCE).is_err(),
        "the second probe is under way"
    );
    health.understood(&next, now + S(5));
    assert_eq!(health.unclear_answer(&hangs, WHY, 0.5), Backoffs::default(), "of the past");
    assert!(!health.is_unsure(now + S(6)));
}

#[tokio::test(start_paused = true)]
async fn probes_that_hang_become_rarer() {
    let (mut health, began) = (LaneHealth::new(hold()), Instant::now());
    let mut sent = Vec::new();
    for second in 0..60 {
        let now = until(began + S(second)).await;
        if let Ok(permission) = asked(&mut health, TEXT, now) {
            sent.push((second, permission));
        }
    }
    assert_eq!(sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 4, 12, 28]);
    let now = until(began + S(60)).await;
    sent.iter().for_each(|(_, permission)| health.ended(permission, now));
    asked(&mut health, TEXT, now).unwrap();
    let next = asked(&mut health, TEXT, now);
    assert_eq!(next, Err(Wait::Probe(now + PROBE_PATIENCE)), "none hangs any more");
}

#[tokio::test(start_paused = true)]
async fn a_report_of_another_worker_is_counted_once_and_ends_with_its_success() {
    let (mut health, met) = (LaneHealth::new(hold()), Instant::now());
    let now = until(met + S(1)).await;
    assert!(
        health.unclear_reported(met) && health.unclear_reported(met + Duration::from_millis(3))
    );
    assert_eq!(health.unclear(), 1, "clocks are read anew each time");
    assert!(!health.understood_reported(met - Duration::from_millis(1), now), "it was before");
    assert!(health.unclear_reported(met + S(1)));
    assert_eq!(health.unclear(), 2);
    assert!(health.understood_reported(met + S(2), now));
    assert!(!health.is_troubled() && !health.is_unsure(now));
    assert!(!health.unclear_reported(met + S(1)), "of the past");
}

/// A slot that is free is tried within a quarter of the time for which a doubt holds one.
#[tokio::test(start_paused = true)]
async fn tries_into_an_outage_are_spread_over_the_slots() {
    for tested in [true, false] {
        let (mut health, began) = (LaneHealth::new(hold()), Instant::now());
        if tested {
            health.routes_mut().accepted(TEXT);
        }
        let lasts = if tested { hold().tested } else { hold().untested };
        let (mut now, mut doubts) = (began, Vec::new());
        while now < began + 6 * lasts {
            doubts.retain(|at| now - *at < lasts);
            if doubts.len() == 5 {
                now = doubts.remove(0) + lasts;
            }
            doubts.push(now);
            let sent = sent(TEXT, until(now).await);
            let backoff = health.unclear_answer(&sent, WHY, 1.0).lane.unwrap();
            assert!(backoff <= (lasts / 4).max(S(60)), "{backoff:?} after {:?}", now - began);
            now += backoff;
            let soon = doubts.iter().filter(|at| **at - began < S(60)).count();
            assert!(tested || soon < 5, "one of five is left after a minute");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_begins_takes_anothers_fresh_answer_for_its_own() {
    let (mut health, now) = (LaneHealth::new(hold()), until(Instant::now() + S(60)).await);
    assert!(health.is_new());
    assert!(!health.understood_reported(now - FRESH, now), "too long ago");
    assert!(health.is_new() && health.is_unsure(now));
    assert!(health.understood_reported(now - S(1), now));
    assert!(!health.is_new() && !health.is_unsure(now), "all may be sent");
    let mut other = LaneHealth::new(hold());
    let first = asked(&mut other, TEXT, now).unwrap();
    assert!(other.understood(&first, now).lane, "the first answer is reported to others");
    assert!(!other.understood(&first, now).lane, "and no further one");
}

#[tokio::test(start_paused = true)]
async fn a_failing_route_lets_others_pass_before_it_probes_for_the_lane() {
    let (mut health, now) = (LaneHealth::new(hold()), Instant::now());
    assert!(asked(&mut health, IMAGE, now).is_ok());
    health.forget_probe(IMAGE);
    health.unclear_answer(&sent(IMAGE, now), WHY, 1.0);
    let now = until(now + S(1)).await;
    assert!(
        asked(&mut health, IMAGE, now).is_ok(),
        "a single lost answer shows nothing about a route"
    );
    health.forget_probe(IMAGE);
    health.unclear_answer(&sent(IMAGE, now), WHY, 1.0);

    let now = until(now + S(5)).await;
    for n in 0..MOST_PASSED_OVER {
        assert_eq!(health.permission(&key(n), IMAGE, now), Err(Wait::PassedOver));
    }
    let next = key(MOST_PASSED_OVER);
    let image = health.permission(&next, IMAGE, now).expect("there are no others");
    health.unclear_answer(&image, WHY, 1.0);
    health.ended(&image, now);
    let now = until(now + S(5)).await;
    let passed = asked(&mut health, IMAGE, now);
    assert_eq!(passed, Err(Wait::PassedOver), "they may have come since");
    assert!(asked(&mut health, IMAGE, now).is_ok(), "the lane holds a single job");
    assert!(matches!(health.permission(&key(1), TEXT, now), Err(Wait::Probe(_))), "one at a time");
}

/// Where each job takes long to put back, the others may stand behind several of the failing route.
#[tokio::test(start_paused = true)]
async fn on_a_slow_machine_a_failing_route_lets_others_pass_for_longer() {
    let (mut health, mut now) = (LaneHealth::new(hold()), Instant::now());
    for _ in 0..2 {
        health.unclear_answer(&sent(IMAGE, now), WHY, 1.0);
    }
    for n in 0..FEWEST_PASSED_OVER {
        assert_eq!(health.permission(&key(n), IMAGE, now), Err(Wait::PassedOver), "{n}");
        now = until(now + PASSING_OVER / 4).await;
    }
    assert!(health.permission(&key(FEWEST_PASSED_OVER), IMAGE, now).is_ok(), "as many have passed");
}

/// Each of them may hold a slot, and the lane is well because of others.
#[tokio::test(start_paused = true)]
async fn of_a_route_without_an_answer_of_late_one_request_goes_first() {
    let (mut health, now) = (LaneHealth::new(hold()), Instant::now());
    health.understood(&sent(TEXT, now), now);
    let first = health.permission(&key(1), IMAGE, now).unwrap();
    let waits = health.permission(&key(2), IMAGE, now);
    assert_eq!(waits, Err(Wait::Probe(now + PROBE_PATIENCE)));
    assert!((0..9).all(|_| asked(&mut health, TEXT, now).is_ok()), "no other route waits");
    health.understood(&first, now + S(1));
    health.ended(&first, now + S(1));
    assert!((0..9).all(|_| asked(&mut health, IMAGE, now + S(1)).is_ok()));
    health.understood(&sent(TEXT, now + S(12)), now + S(12));
    assert!(asked(&mut health, IMAGE, now + S(12)).is_ok());
    assert!(asked(&mut health, IMAGE, now + S(12)).is_err(), "after a pause one goes first again");
}

#[tokio::test(start_paused = true)]
async fn a_failing_route_backs_off_alone_once_others_are_understood() {
    let (mut health, now) = (LaneHealth::new(hold()), Instant::now());
    for _ in 0..2 {
        health.unclear_answer(&sent(IMAGE, now), WHY, 1.0);
    }
    let now = until(now + S(5)).await;
    let text = asked(&mut health, TEXT, now).unwrap();
    health.understood(&text, now);
    health.ended(&text, now);
    assert!(!health.is_troubled() && asked(&mut health, TEXT, now).is_ok());
    let image = asked(&mut health, IMAGE, now).expect("its first backoff is over: it probes");
    assert_eq!(
        asked(&mut health, IMAGE, now),
        Err(Wait::RouteBacksOff(now + S(60))),
        "one at a time"
    );
    assert_eq!(health.unclear_answer(&image, WHY, 1.0).lane, None, "the lane is well");
    assert!(!health.is_troubled());
    let backs_off = Err(Wait::RouteBacksOff(now + S(900)));
    assert_eq!(
        asked(&mut health, IMAGE, now + S(898)),
        backs_off,
        "half of the time that a doubt holds a slot"
    );
    let image = asked(&mut health, IMAGE, now + S(900)).unwrap();
    health.understood(&image, now + S(900));
    assert!((0..9).all(|_| asked(&mut health, IMAGE, now + S(900)).is_ok()), "all are well");
}

#[tokio::test(start_paused = true)]
async fn a_route_that_is_refused_on_the_way_backs_off_alone_too() {
    let (mut health, now) = (LaneHealth::new(hold()), Instant::now());
    for n in 0..2 {
        health.path_refused(&sent(IMAGE, until(now + S(n)).await), WHY, 1.0).unwrap();
    }
    let now = until(now + S(2)).await;
    assert_eq!(asked(&mut health, IMAGE, now), Err(Wait::PassedOver));
    let text = asked(&mut health, TEXT, now).unwrap();
    health.understood(&text, now);
    health.ended(&text, now);
    let image = asked(&mut health, IMAGE, now).expect("its first backoff is over");
    assert_eq!(health.path_refused(&image, WHY, 1.0), None, "the lane is well");
    assert_eq!(asked(&mut health, IMAGE, now), Err(Wait::RouteBacksOff(now + S(1))));
    assert!(asked(&mut health, TEXT, now).is_ok() && asked(&mut health, TEXT, now).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_probe_for_a_route_that_hangs_is_the_only_one() {
    let (mut health, now) = (LaneHealth::new(hold()), Instant::now());
    for _ in 0..2 {
        health.routes.unclear_answer(IMAGE, now, WHY, 1.0, hold());
    }
    let text = asked(&mut health, TEXT, now).unwrap();
    health.understood(&text, now);
    health.ended(&text, now);
    let now = until(now + S(5)).await;
    let hangs = asked(&mut health, IMAGE, now).unwrap();
    assert_eq!(asked(&mut health, IMAGE, now + S(59)), Err(Wait::RouteBacksOff(now + S(60))));
    health.ended(&hangs, now + S(1));
    assert!(asked(&mut health, IMAGE, now + S(5)).is_ok(), "it was not sent");
}

#[tokio::test(start_paused = true)]
async fn a_route_does_not_back_off_for_long_because_of_what_all_met() {
    let (mut health, now) = (LaneHealth::new(hold()), Instant::now());
    for n in 0..3 {
        health.unclear_answer(&sent(IMAGE, until(now + S(n)).await), WHY, 1.0);
    }
    let now = until(now + S(9)).await;
    health.understood(&sent(TEXT, now), now);
    assert!(asked(&mut health, IMAGE, now + S(4)).is_err());
    assert!(asked(&mut health, IMAGE, now + S(5)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_unclear_again_counts_only_for_a_failing_route() {
    let (mut health, now) = (LaneHealth::new(hold()), Instant::now());
    health.unclear_again(&sent(TEXT, now), WHY, 1.0);
    assert!(!health.routes.is_troubled(TEXT), "it may be the job");
    health.routes.unclear_answer(TEXT, now, WHY, 1.0, hold());
    health.routes.unclear_answer(TEXT, now, WHY, 1.0, hold());
    let later = until(now + S(9)).await;
    health.unclear_again(&sent(TEXT, later), WHY, 1.0);
    assert!(matches!(asked(&mut health, TEXT, later), Err(Wait::RouteBacksOff(_))));
}
