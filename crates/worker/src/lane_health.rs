//! Whether answers from the provider are understood, and how long a lane rests while they are
//! not. Until one is understood, one job at a time is sent: each unclear answer may cost a slot.

use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

use crate::rests::{Held, PROBE_PATIENCE, SHORT, Streak, jittered, outage_rest};
use crate::route_health::{Routes, Turn};

/// An answer tells for so long how things are.
const FRESH: Duration = Duration::from_secs(10);
/// Jobs of a route in trouble that let others pass before one of them is the lane's next probe.
const MOST_PASSED_OVER: u32 = 200;
/// And for how long at most: there may be no others.
const PASSING_OVER: Duration = Duration::from_secs(2);
/// A probe that hangs keeps others from probing for so many times [`PROBE_PATIENCE`] at most.
const MOST_PATIENCE: u32 = 16;

#[derive(Debug, Default)]
pub(crate) struct LaneHealth {
    held: Held,
    /// Requests that were not received or not let through, in a row.
    failures: Streak,
    /// Requests whose outcome is unknown, in a row.
    unclear: Streak,
    understood: Option<Understood>,
    probe: Option<Probe>,
    probes: u64,
    /// Probes that are still not answered, beside the last.
    hanging: u32,
    routes: Routes,
    passed_over: u32,
    passed_over_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Understood {
    at: Instant,
    sent_at: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    number: u64,
    over: Instant,
}

/// Leave to send one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    pub(crate) sent_at: Instant,
    pub(crate) route: Route,
    /// As the only one of the lane.
    probe: Option<u64>,
    /// As the only one of a route in trouble whose lane is well.
    pub(crate) for_route: bool,
}

/// Whose unclear answers are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cleared {
    pub(crate) lane: bool,
    pub(crate) route: bool,
}

/// For how long each rests after an answer that was not understood. `None`: it does not, by this
/// one. It may tell of the past, or of a route alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rests {
    pub(crate) lane: Option<Duration>,
    pub(crate) route: Option<Duration>,
}

/// Why a request is not sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Another request probes, until then at most.
    Probe(Instant),
    /// Answers on this route are not understood, and those on another may be.
    PassedOver,
    /// Answers on this route are not understood, and those on others are: until then.
    RouteRests(Instant),
}

impl LaneHealth {
    pub(crate) fn new(held: Held) -> Self {
        Self { held, ..Self::default() }
    }

    /// Leave to send now, or why to wait.
    pub(crate) fn leave(&mut self, route: Route, now: Instant) -> Result<Leave, Wait> {
        if let Some(probe) = self.probe.filter(|probe| probe.over > now && self.is_unsure(now)) {
            return Err(Wait::Probe(probe.over));
        }
        let for_route = self.route_leave(route, now)?;
        let probe = self.is_unsure(now).then(|| self.next_probe(now));
        Ok(Leave { sent_at: now, route, probe, for_route })
    }

    /// Whether it is to try for its route alone.
    fn route_leave(&mut self, route: Route, now: Instant) -> Result<bool, Wait> {
        if !self.routes.is_troubled(route) {
            return Ok(false);
        }
        if !self.is_troubled() {
            return match self.routes.turn(route, now, self.held.post_timeout) {
                Turn::Probe => Ok(true),
                Turn::Rests(until) => Err(Wait::RouteRests(until)),
            };
        }
        match self.lets_pass(now) {
            true => Err(Wait::PassedOver),
            false => Ok(false),
        }
    }

    fn lets_pass(&mut self, now: Instant) -> bool {
        self.passed_over += 1;
        let since = *self.passed_over_since.get_or_insert(now);
        self.passed_over <= MOST_PASSED_OVER && now - since < PASSING_OVER
    }

    fn begin_passing_over(&mut self) {
        (self.passed_over, self.passed_over_since) = (0, None);
    }

    fn next_probe(&mut self, now: Instant) -> u64 {
        if self.probe.is_some() {
            self.hanging += 1;
        }
        let times = 2u32.saturating_pow(self.hanging).min(MOST_PATIENCE);
        self.probes += 1;
        self.probe = Some(Probe { number: self.probes, over: now + PROBE_PATIENCE * times });
        self.probes
    }

    /// The request is over, or was never made.
    pub(crate) fn over(&mut self, leave: &Leave, now: Instant) {
        match (leave.probe, self.probe) {
            (Some(number), Some(probe)) if number == probe.number => self.probe = None,
            (Some(_), _) => self.hanging = self.hanging.saturating_sub(1),
            (None, _) => {}
        }
        if leave.for_route {
            self.routes.over(leave, now);
        }
    }

    pub(crate) fn is_unsure(&self, now: Instant) -> bool {
        let fresh = |understood: Understood| now - understood.at < FRESH;
        self.is_troubled() || !self.understood.is_some_and(fresh)
    }

    /// Requests failed, and none has succeeded since.
    pub(crate) fn is_troubled(&self) -> bool {
        !(self.failures.is_none() && self.unclear.is_none())
    }

    /// Answers that could not be understood, in a row.
    pub(crate) fn unclear(&self) -> u32 {
        self.unclear.tries()
    }

    pub(crate) fn understood_on(&mut self, route: Route, sent_at: Instant) {
        self.routes.understood_elsewhere(route, sent_at);
    }

    /// Which routes rest while others of the lane are well.
    pub(crate) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// The provider made a task: a lost answer on this route can be looked for.
    pub(crate) fn accepted(&mut self, route: Route) {
        self.routes.accepted(route);
    }

    pub(crate) fn understood(&mut self, leave: &Leave, now: Instant) -> Cleared {
        let lane = !self.unclear.is_none();
        self.clear(leave.sent_at, now);
        Cleared { lane, route: self.routes.understood(leave) }
    }

    fn clear(&mut self, sent_at: Instant, now: Instant) {
        if self.is_troubled() {
            self.routes.lane_is_well(now);
        }
        (self.failures, self.unclear) = (Streak::default(), Streak::default());
        let sent_at = self.understood.map_or(sent_at, |before| before.sent_at.max(sent_at));
        self.understood = Some(Understood { at: now, sent_at });
        self.begin_passing_over();
    }

    /// Another worker understood the answer to a request that was sent then.
    pub(crate) fn understood_elsewhere(&mut self, sent_at: Instant, now: Instant) -> bool {
        let news = self.unclear.is_before(sent_at);
        if news {
            self.clear(sent_at, now);
        }
        news
    }

    /// How long to rest; `None`: a later request was understood, so that it tells of the past.
    pub(crate) fn not_reached(&mut self, leave: &Leave, jitter: f64) -> Option<Duration> {
        self.failed(leave, Duration::from_secs(1), jitter)
    }

    pub(crate) fn not_let_through(
        &mut self,
        leave: &Leave,
        why: &str,
        jitter: f64,
    ) -> Option<Duration> {
        self.routes.not_let_through(leave, why, jitter);
        self.failed(leave, SHORT, jitter)
    }

    fn failed(&mut self, leave: &Leave, first: Duration, jitter: f64) -> Option<Duration> {
        (self.is_news(leave) && !leave.for_route).then(|| {
            self.failures.add(leave.sent_at, Instant::now());
            self.begin_passing_over();
            outage_rest(first, self.failures.troubles(), jitter)
        })
    }

    pub(crate) fn not_understood(&mut self, leave: &Leave, why: &str, jitter: f64) -> Rests {
        let route = self.routes.not_understood(leave, why, jitter, self.held);
        let lane = (self.is_news(leave) && !leave.for_route).then(|| {
            self.unclear.add(leave.sent_at, Instant::now());
            self.begin_passing_over();
            let tested = self.routes.is_tested(leave.route);
            jittered(self.held.lane_rest(self.unclear(), tested), jitter)
        });
        Rests { lane, route }
    }

    /// Another worker's request of then was not understood. `false`: a later one was.
    pub(crate) fn heard(&mut self, sent_at: Instant) -> bool {
        let news = self.understood.is_none_or(|understood| understood.sent_at <= sent_at);
        if news && self.unclear.hear(sent_at) {
            self.begin_passing_over();
        }
        news
    }

    /// And of a request on that route, which rests until then.
    pub(crate) fn heard_of(
        &mut self,
        route: Route,
        why: &str,
        sent_at: Instant,
        until: Instant,
    ) -> bool {
        self.routes.heard(route, why, sent_at, until)
    }

    /// The job was unclear before: it tells of its route only where that is in trouble anyway.
    pub(crate) fn unclear_again(&mut self, leave: &Leave, why: &str, jitter: f64) -> Rests {
        let troubled = self.routes.is_troubled(leave.route);
        let route = troubled.then(|| self.routes.not_understood(leave, why, jitter, self.held));
        Rests { lane: None, route: route.flatten() }
    }

    fn is_news(&self, leave: &Leave) -> bool {
        self.understood.is_none_or(|understood| understood.sent_at <= leave.sent_at)
    }
}

#[cfg(test)]
mod tests {
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
        let rests: Vec<_> = (0..25)
            .map(|_| health.not_understood(&sent(TEXT, now), WHY, 1.0).lane.unwrap())
            .collect();
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

    #[tokio::test(start_paused = true)]
    async fn probes_into_an_outage_leave_a_slot_for_the_next() {
        for tested in [true, false] {
            let (mut health, began) = (LaneHealth::new(held()), Instant::now());
            if tested {
                health.accepted(TEXT);
            }
            let lasts = if tested { held().tested } else { held().untested };
            let (mut now, mut doubts) = (began, Vec::new());
            while now < began + 6 * lasts {
                doubts.retain(|at| now - *at < lasts);
                assert!(doubts.len() < 5, "no slot for a probe after {:?}", now - began);
                doubts.push(now);
                let sent = sent(TEXT, until(now).await);
                now += health.not_understood(&sent, WHY, 1.0).lane.unwrap();
            }
        }
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
}
