use super::*;

const S: fn(u64) -> Duration = Duration::from_secs;
const TEXT: Route = Route::VideosText2video;
const IMAGE: Route = Route::VideosImage2video;
const WHY: &str = "HTTP 500";

fn held() -> Held {
    Held { slots: 5, post_timeout: S(60), tested: S(100), untested: S(1800) }
}

/// As if it was sent then, whether or not it would have been let through.
fn sent(route: Route, sent_at: Instant) -> Leave {
    Leave { sent_at, route, probe: None, for_route: false }
}

async fn until(at: Instant) -> Instant {
    tokio::time::advance(at - Instant::now()).await;
    at
}

#[tokio::test(start_paused = true)]
async fn one_job_at_a_time_until_an_answer_is_understood() {
    let (mut health, now) = (LaneHealth::default(), Instant::now());
    let probe = health.leave(TEXT, now).unwrap();
    assert_eq!(health.leave(TEXT, now), Err(Wait::Probe(now + PROBE_PATIENCE)));
    health.not_understood(&probe, WHY, 0.5);
    health.over(&probe, now);
    let probe = health.leave(TEXT, now + S(1)).unwrap();
    assert!(health.leave(TEXT, now + S(1)).is_err(), "still one at a time");
    health.understood(&probe, now + S(2));
    for _ in 0..50 {
        assert!(health.leave(TEXT, now + S(2)).is_ok());
    }
    assert!(health.leave(TEXT, now + S(20)).is_ok());
    assert!(health.leave(TEXT, now + S(20)).is_err(), "after a pause one goes first again");
}

#[tokio::test(start_paused = true)]
async fn requests_that_fail_together_are_a_first_and_a_second_trouble() {
    let (mut health, now) = (LaneHealth::default(), Instant::now());
    let rests: Vec<_> =
        (0..25).map(|_| health.not_understood(&sent(TEXT, now), WHY, 1.0).lane.unwrap()).collect();
    let long = Duration::from_millis(4_500);
    assert_eq!((rests[0], rests[1], rests[24]), (SHORT, long, long));
    assert_eq!(health.unclear(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_probe_without_an_answer_keeps_the_lane_for_seconds_only() {
    let (mut health, now) = (LaneHealth::default(), Instant::now());
    let hangs = health.leave(TEXT, now).unwrap();
    let next = health.leave(TEXT, now + PROBE_PATIENCE).unwrap();
    health.over(&hangs, now);
    assert!(health.leave(TEXT, now + PROBE_PATIENCE).is_err(), "the second probe is under way");
    health.understood(&next, now + S(5));
    assert_eq!(health.not_understood(&hangs, WHY, 0.5), Rests::default(), "of the past");
    assert!(!health.is_unsure(now + S(6)));
}

#[tokio::test(start_paused = true)]
async fn probes_that_hang_become_rarer() {
    let (mut health, began) = (LaneHealth::new(held()), Instant::now());
    let mut sent = Vec::new();
    for second in 0..60 {
        let now = until(began + S(second)).await;
        if let Ok(leave) = health.leave(TEXT, now) {
            sent.push((second, leave));
        }
    }
    assert_eq!(sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 4, 12, 28]);
    let now = until(began + S(60)).await;
    sent.iter().for_each(|(_, leave)| health.over(leave, now));
    health.leave(TEXT, now).unwrap();
    let next = health.leave(TEXT, now);
    assert_eq!(next, Err(Wait::Probe(now + PROBE_PATIENCE)), "none hangs any more");
}

#[tokio::test(start_paused = true)]
async fn what_another_worker_meets_is_counted_once_and_ends_with_its_success() {
    let (mut health, met) = (LaneHealth::new(held()), Instant::now());
    let now = until(met + S(1)).await;
    assert!(health.heard(met) && health.heard(met + Duration::from_millis(3)));
    assert_eq!(health.unclear(), 1, "clocks are read anew each time");
    assert!(!health.understood_elsewhere(met - Duration::from_millis(1), now), "it was before");
    assert!(health.heard(met + S(1)));
    assert_eq!(health.unclear(), 2);
    assert!(health.understood_elsewhere(met + S(2), now));
    assert!(!health.is_troubled() && !health.is_unsure(now));
    assert!(!health.heard(met + S(1)), "of the past");
}

/// A slot that is free is tried within a quarter of the time for which a doubt holds one.
#[tokio::test(start_paused = true)]
async fn tries_into_an_outage_are_spread_over_the_slots() {
    for tested in [true, false] {
        let (mut health, began) = (LaneHealth::new(held()), Instant::now());
        if tested {
            health.routes_mut().accepted(TEXT);
        }
        let lasts = if tested { held().tested } else { held().untested };
        let (mut now, mut doubts) = (began, Vec::new());
        while now < began + 6 * lasts {
            doubts.retain(|at| now - *at < lasts);
            if doubts.len() == 5 {
                now = doubts.remove(0) + lasts;
            }
            doubts.push(now);
            let sent = sent(TEXT, until(now).await);
            let rest = health.not_understood(&sent, WHY, 1.0).lane.unwrap();
            assert!(rest <= (lasts / 4).max(S(60)), "{rest:?} after {:?}", now - began);
            now += rest;
            let soon = doubts.iter().filter(|at| **at - began < S(60)).count();
            assert!(tested || soon < 5, "one of five is left after a minute");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_begins_takes_anothers_fresh_answer_for_its_own() {
    let (mut health, now) = (LaneHealth::new(held()), until(Instant::now() + S(60)).await);
    assert!(health.is_new());
    assert!(!health.understood_elsewhere(now - FRESH, now), "too long ago");
    assert!(health.is_new() && health.is_unsure(now));
    assert!(health.understood_elsewhere(now - S(1), now));
    assert!(!health.is_new() && !health.is_unsure(now), "all may be sent");
    let mut other = LaneHealth::new(held());
    let first = other.leave(TEXT, now).unwrap();
    assert!(other.understood(&first, now).lane, "the first answer is told to others");
    assert!(!other.understood(&first, now).lane, "and no further one");
}

#[tokio::test(start_paused = true)]
async fn a_route_in_trouble_lets_others_pass_before_it_probes_for_the_lane() {
    let (mut health, now) = (LaneHealth::new(held()), Instant::now());
    assert!(health.leave(IMAGE, now).is_ok());
    health.probe = None;
    health.not_understood(&sent(IMAGE, now), WHY, 1.0);
    let now = until(now + S(1)).await;
    assert!(health.leave(IMAGE, now).is_ok(), "a single lost answer says nothing of a route");
    health.probe = None;
    health.not_understood(&sent(IMAGE, now), WHY, 1.0);

    let now = until(now + S(5)).await;
    for _ in 0..MOST_PASSED_OVER {
        assert_eq!(health.leave(IMAGE, now), Err(Wait::PassedOver));
    }
    let image = health.leave(IMAGE, now).expect("there are no others");
    health.not_understood(&image, WHY, 1.0);
    health.over(&image, now);
    let now = until(now + S(5)).await;
    assert_eq!(health.leave(IMAGE, now), Err(Wait::PassedOver), "they may have come since");
    let now = until(now + PASSING_OVER).await;
    assert!(health.leave(IMAGE, now).is_ok(), "the lane may hold a single job");
    assert!(matches!(health.leave(TEXT, now), Err(Wait::Probe(_))), "one at a time");
}

#[tokio::test(start_paused = true)]
async fn a_route_in_trouble_rests_alone_once_others_are_understood() {
    let (mut health, now) = (LaneHealth::new(held()), Instant::now());
    for _ in 0..2 {
        health.not_understood(&sent(IMAGE, now), WHY, 1.0);
    }
    let now = until(now + S(5)).await;
    let text = health.leave(TEXT, now).unwrap();
    health.understood(&text, now);
    health.over(&text, now);
    assert!(!health.is_troubled() && health.leave(TEXT, now).is_ok());
    let image = health.leave(IMAGE, now).expect("its first rest is over: it probes");
    assert_eq!(health.leave(IMAGE, now), Err(Wait::RouteRests(now + S(60))), "one at a time");
    assert_eq!(health.not_understood(&image, WHY, 1.0).lane, None, "the lane is well");
    assert!(!health.is_troubled());
    let rests = Err(Wait::RouteRests(now + S(600)));
    assert_eq!(health.leave(IMAGE, now + S(598)), rests, "a slot a third");
    let image = health.leave(IMAGE, now + S(600)).unwrap();
    health.understood(&image, now + S(600));
    assert!((0..9).all(|_| health.leave(IMAGE, now + S(600)).is_ok()), "all are well");
}

#[tokio::test(start_paused = true)]
async fn a_route_that_is_not_let_through_rests_alone_too() {
    let (mut health, now) = (LaneHealth::new(held()), Instant::now());
    for n in 0..2 {
        health.not_let_through(&sent(IMAGE, until(now + S(n)).await), WHY, 1.0).unwrap();
    }
    let now = until(now + S(2)).await;
    assert_eq!(health.leave(IMAGE, now), Err(Wait::PassedOver));
    let text = health.leave(TEXT, now).unwrap();
    health.understood(&text, now);
    health.over(&text, now);
    let image = health.leave(IMAGE, now).expect("its first rest is over");
    assert_eq!(health.not_let_through(&image, WHY, 1.0), None, "the lane is well");
    assert_eq!(health.leave(IMAGE, now), Err(Wait::RouteRests(now + S(1))));
    assert!(health.leave(TEXT, now).is_ok() && health.leave(TEXT, now).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_probe_for_a_route_that_hangs_is_the_only_one() {
    let (mut health, now) = (LaneHealth::new(held()), Instant::now());
    for _ in 0..2 {
        health.routes.not_understood(&sent(IMAGE, now), WHY, 1.0, held());
    }
    let text = health.leave(TEXT, now).unwrap();
    health.understood(&text, now);
    health.over(&text, now);
    let now = until(now + S(5)).await;
    let hangs = health.leave(IMAGE, now).unwrap();
    assert_eq!(health.leave(IMAGE, now + S(59)), Err(Wait::RouteRests(now + S(60))));
    health.over(&hangs, now + S(1));
    assert!(health.leave(IMAGE, now + S(5)).is_ok(), "it was not sent");
}

#[tokio::test(start_paused = true)]
async fn a_route_does_not_rest_for_long_by_what_befell_all() {
    let (mut health, now) = (LaneHealth::new(held()), Instant::now());
    for n in 0..3 {
        health.not_understood(&sent(IMAGE, until(now + S(n)).await), WHY, 1.0);
    }
    let now = until(now + S(9)).await;
    health.understood(&sent(TEXT, now), now);
    assert!(health.leave(IMAGE, now + S(4)).is_err());
    assert!(health.leave(IMAGE, now + S(5)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_unclear_again_tells_only_of_a_route_in_trouble() {
    let (mut health, now) = (LaneHealth::new(held()), Instant::now());
    health.unclear_again(&sent(TEXT, now), WHY, 1.0);
    assert!(!health.routes.is_troubled(TEXT), "it may be the job");
    health.routes.not_understood(&sent(TEXT, now), WHY, 1.0, held());
    health.routes.not_understood(&sent(TEXT, now), WHY, 1.0, held());
    let later = until(now + S(9)).await;
    health.unclear_again(&sent(TEXT, later), WHY, 1.0);
    assert!(matches!(health.leave(TEXT, later), Err(Wait::RouteRests(_))));
}
