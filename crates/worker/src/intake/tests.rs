use job::{JobId, JobKey, Tenant};

use super::answer::BUSY;
use super::*;
use crate::submit::ProviderHealth;

const ROUTE: Route = Route::VideosText2video;

fn opened(widest: u16) -> Intake {
    let intake = Intake::new(widest, HoldTimes::default());
    intake.open(widest);
    intake
}

async fn asked(intake: &Intake) -> Result<Sending<'_>, NotNow> {
    intake.permission(&JobKey::new(Tenant::default(), JobId::new("job").unwrap()), ROUTE).await
}

fn window(intake: &Intake) -> Option<u16> {
    match intake.state() {
        IntakeState::Open { window } => Some(window),
        IntakeState::Paused { .. } => None,
    }
}

#[test]
fn a_graver_reason_wins_and_a_lighter_one_does_not() {
    let intake = opened(8);
    intake.pause("unpaid", PauseReason::AccountPaused);
    intake.pause("busy", PauseReason::Backoff(BUSY));
    assert_eq!(
        intake.state(),
        IntakeState::Paused { why: "unpaid".into(), reason: PauseReason::AccountPaused }
    );
}

#[test]
fn nothing_is_taken_before_the_account_is_known() {
    let intake = Intake::new(8, HoldTimes::default());
    assert_eq!(window(&intake), None);
    intake.pause("unpaid", PauseReason::AccountPaused);
    assert!(intake.forbids_sending(), "any other reason is graver");
}

#[test]
fn a_pause_forbids_sending_until_it_ends() {
    let intake = opened(8);
    assert!(!intake.forbids_sending());
    intake.pause("busy", PauseReason::Backoff(BUSY));
    assert!(intake.forbids_sending());
    intake.pause("unpaid", PauseReason::AccountPaused);
    assert!(intake.forbids_sending());
    intake.open(1);
    assert!(!intake.forbids_sending());
}

#[test]
fn an_intake_that_is_kept_paused_does_not_open() {
    let intake = opened(8);
    let kept = intake.keep_paused();
    intake.pause("not journaled", PauseReason::Backoff(BUSY));
    intake.open(8);
    assert!(intake.forbids_sending());
    drop(kept);
    intake.open(8);
    assert!(!intake.forbids_sending());
}

#[test]
fn a_pause_by_hand_and_an_automatic_one_do_not_end_each_other() {
    let intake = opened(8);
    let by_hand = IntakeState::Paused { reason: PauseReason::ByHand, why: "costs".into() };
    intake.set_manual_pause(Some("costs".into()));
    assert_eq!(intake.state(), by_hand);
    intake.open(8);
    assert_eq!(intake.state(), by_hand, "a probe that succeeds opens nothing");
    assert!(intake.forbids_sending());
    intake.pause("unpaid", PauseReason::AccountPaused);
    assert_eq!(intake.state(), by_hand);
    intake.set_manual_pause(None);
    assert!(matches!(
        intake.state(),
        IntakeState::Paused { reason: PauseReason::AccountPaused, .. }
    ));
    intake.open(8);
    assert_eq!(window(&intake), Some(8));
}

#[tokio::test(start_paused = true)]
async fn an_intake_works_on_at_once_when_a_pause_by_hand_ends() {
    let intake = opened(8);
    intake.set_manual_pause(Some("costs".into()));
    let why = NotNow::Lane { why: "costs".into() };
    assert_eq!(asked(&intake).await.err(), Some(why));
    let open = intake.wait_for(|state| *state == IntakeState::Open { window: 8 });
    let ends = async {
        tokio::task::yield_now().await;
        intake.set_manual_pause(None);
    };
    let before = Instant::now();
    tokio::join!(open, ends);
    assert_eq!(before.elapsed(), Duration::ZERO, "as wide as before");
}

async fn healthy(intake: &Intake) {
    let sending = asked(intake).await.unwrap();
    intake.apply(&sending, &ProviderHealth::Healthy, 0.5);
}

#[tokio::test(start_paused = true)]
async fn a_reopened_lane_starts_narrow_and_widens_with_permits() {
    let intake = opened(8);
    healthy(&intake).await;
    intake.pause("rebuilt", PauseReason::LedgerRebuild);
    intake.open(1);
    let mut seen = Vec::new();
    for _ in 0..20 {
        seen.push(window(&intake).unwrap());
        intake.admitted();
    }
    assert_eq!(&seen[..7], [1, 1, 2, 2, 2, 2, 4]);
    assert_eq!(window(&intake), Some(8));
}

#[tokio::test(start_paused = true)]
async fn any_failure_pauses_the_lane_and_one_request_probes() {
    for health in [
        ProviderHealth::Unclear { why: "HTTP 500".into() },
        ProviderHealth::PathRefused { why: "HTTP 403".into() },
        ProviderHealth::Unreachable { why: "refused".into() },
    ] {
        let intake = opened(8);
        healthy(&intake).await;
        let (one, another) = (asked(&intake).await.unwrap(), asked(&intake).await.unwrap());
        intake.apply(&one, &health, 0.5);
        assert!(matches!(asked(&intake).await.err(), Some(NotNow::Lane { .. })), "{health:?}");
        drop((one, another));
        intake.open(1);
        let probe = asked(&intake).await.unwrap();
        let next = tokio::time::timeout(Duration::from_secs(1), asked(&intake));
        assert!(next.await.is_err(), "one at a time");
        intake.apply(&probe, &ProviderHealth::Healthy, 0.5);
        drop(probe);
        assert!(asked(&intake).await.is_ok() && asked(&intake).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn why_a_lane_backs_off_is_shown_until_it_is_well() {
    let intake = opened(8);
    assert_eq!(intake.backoff(), None);
    let sending = asked(&intake).await.unwrap();
    intake.apply(&sending, &ProviderHealth::Unreachable { why: "refused".into() }, 1.0);
    drop(sending);
    let backoff = intake.backoff().unwrap();
    assert_eq!(backoff.why, "the provider cannot be reached: refused");
    assert_eq!(backoff.until, Some(Instant::now() + Duration::from_secs(1)));
    intake.open(1);
    assert_eq!(intake.backoff().unwrap().until, None, "one job probes");
    healthy(&intake).await;
    assert_eq!(intake.backoff(), None);
}

#[tokio::test(start_paused = true)]
async fn no_request_waits_for_permission_at_a_stop() {
    let intake = opened(8);
    let probe = asked(&intake).await.unwrap();
    let waiting = asked(&intake);
    let stopped = async { intake.stop() };
    let (waited, ()) = tokio::join!(waiting, stopped);
    assert_eq!(waited.err(), Some(NotNow::stopping()), "given back at once");
    drop(probe);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_worker_does_not_last_as_long_as_a_backoff_that_is_over() {
    let (intake, long) = (opened(8), Duration::from_secs(900));
    assert!(intake.unclear_reported("HTTP 500", Duration::ZERO, long));
    assert_eq!(intake.backoff_left(), long);
    tokio::time::advance(Duration::from_secs(2)).await;
    intake.understood_reported(None, Duration::from_secs(1));
    assert_eq!(window(&intake), Some(1), "another worker has understood an answer");
    let short = Duration::from_millis(500);
    intake.wait_for_another(short);
    assert!(intake.forbids_sending());
    assert_eq!(intake.backoff_left(), short);
}
