//! Kills processes with SIGKILL at every crash point, while at least fifty jobs are in progress.
//!
//! Each test uses one installation for many kills, one after the other. At the end, the producer's
//! confirms, the consumer's events and the provider's charges must agree.

pub(crate) mod deployment;
pub(crate) mod orphans;
pub(crate) mod points;
pub(crate) mod scenario;
pub(crate) mod verdict;

use std::time::Duration;

use crate::harness::{Backend, Environment, Program, say};
use deployment::Deployment;
use points::Cell;

/// The points of one list, dealt out to tests that run side by side: each point is in one of them.
macro_rules! every_point {
    ($name:ident, $backend:expr, $wanted:expr, [$($part:ident = $place:expr),+]) => {
        mod $name {
            use super::{Backend, Cell, strike_all};

            const PLACES: &[usize] = &[$($place),+];

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $part() {
                strike_all($backend, $wanted, $place, PLACES).await;
            })+
        }
    };
}

every_point!(
    every_point_of_a_worker,
    Backend::Rabbitmq,
    |cell: &Cell| cell.role == "worker",
    [a = 0, b = 1, c = 2, d = 3]
);

every_point!(
    every_point_of_a_poller_a_gateway_and_a_producer,
    Backend::Rabbitmq,
    |cell: &Cell| cell.role != "worker",
    [a = 0, b = 1, c = 2, d = 3]
);

every_point!(every_point_on_one_file, Backend::Embedded, |_: &Cell| true, [a = 0, b = 1, c = 2]);

async fn strike_all(
    backend: Backend,
    wanted: impl Fn(&Cell) -> bool,
    place: usize,
    places: &[usize],
) {
    assert!((0..places.len()).all(|place| places.contains(&place)), "{places:?} leave one out");
    let mut deployment = Deployment::started(Environment::on(backend), |_| ()).await;
    let cells = points::cells(&deployment.program, backend).await;
    let cells = cells.iter().filter(|cell| wanted(cell));
    for cell in cells.skip(place).step_by(places.len()) {
        let strike = scenario::strike(&mut deployment, cell).await;
        say(strike.to_string());
        assert!(strike.in_time(), "too late: {strike}");
    }
    let verdict = deployment.verdict().await;
    say(verdict.to_string());
    for id in verdict.lost.iter().take(5) {
        say(deployment.why(id).await);
    }
    verdict.is_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_are_looked_for_within_five_seconds() {
    let mut deployment = Deployment::started(Environment::on(Backend::Rabbitmq), |_| ()).await;
    let seen = orphans::looked_for(&mut deployment).await;
    let (half, most) = (orphans::quantile(&seen, 0.5), orphans::quantile(&seen, 0.99));
    say(format!("{} orphans: first look-up p50 {half:.1?}, p99 {most:.1?}", seen.len()));
    assert!(seen.len() >= deployment::IN_HAND / 2, "only {} orphans", seen.len());
    assert!(most <= Duration::from_secs(5), "p99 {most:?}");
    deployment.verdict().await.is_clean();
}

/// Shows that the accounts find a double payment: a job is submitted again without a look-up after
/// its worker died during the POST.
#[tokio::test(flavor = "multi_thread")]
async fn a_guess_is_seen_in_the_accounts() {
    let guessing = |program: &mut Program| {
        program.unset("gateway.callback_url");
        program.set("kling.look_up", "none");
        program.set("kling.trust_denials", "false");
        program.set("doubt.policy", "resubmit");
    };
    let mut deployment = Deployment::started(Environment::on(Backend::Rabbitmq), guessing).await;
    let cells = points::cells(&deployment.program, Backend::Rabbitmq).await;
    let sent = cells.iter().find(|cell| cell.point == "post.sent").expect("the point");
    assert!(scenario::strike(&mut deployment, sent).await.in_time());
    let verdict = deployment.verdict().await;
    say(verdict.to_string());
    assert!(verdict.double_paid > 0, "nobody noticed: {verdict}");
}
