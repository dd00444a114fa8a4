//! Measures one fault while jobs arrive: the rate before it, the CPU during it, the recovery after
//! it.

use std::fmt;
use std::time::{Duration, Instant};

use crate::fault::{Fault, Link};
use crate::installation::Installation;
use crate::load;

const WINDOW: Duration = Duration::from_secs(5);
/// Jobs without an outcome at any time in normal operation.
const USUAL: usize = 100;
const LOOK: Duration = Duration::from_millis(20);
/// After this time, the fault counts as not recovered.
const PATIENCE: Duration = Duration::from_secs(40);

#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) fault: String,
    /// The prefix of the ids of its jobs.
    pub(crate) phase: String,
    pub(crate) rate_before: f64,
    pub(crate) rate_after: f64,
    /// Time from the end of the fault to the first new submission, and to the first new outcome.
    pub(crate) submits_after: Option<Duration>,
    pub(crate) tells_after: Option<Duration>,
    /// Cores that worker and poller used together.
    pub(crate) cpu_before: f64,
    pub(crate) cpu: f64,
    pub(crate) redelivered: u64,
    /// Processes that ended without a signal of the test.
    pub(crate) ended: Vec<&'static str>,
}

pub(crate) async fn run(at: &mut Installation, fault: Fault, trouble: Duration) -> Cell {
    settled(at, trouble).await;
    let phase = format!("c{:05}", at.load.promised());
    at.load.begin(&phase);
    let (rate_before, cpu_before) = flow(at).await;
    let again = at.proxy(Link::Amqp).deliveries.again();

    fault.begin(at).await;
    let (since, used) = (Instant::now(), at.cpu());
    tokio::time::sleep(trouble).await;
    // A process that was killed on purpose counts as 0.
    let cpu = (at.cpu() - used).max(0.0) / since.elapsed().as_secs_f64();
    fault.end(at).await;

    let (submits_after, tells_after) = recovery(at).await;
    let ended = at.revive().await;
    let (rate_after, _) = flow(at).await;
    let redelivered = at.proxy(Link::Amqp).deliveries.again() - again;
    Cell {
        fault: fault.to_string(),
        phase,
        rate_before,
        rate_after,
        submits_after,
        tells_after,
        cpu_before,
        cpu,
        redelivered,
        ended,
    }
}

/// Waits until the fault before no longer affects the measurement.
async fn settled(at: &Installation, trouble: Duration) {
    let (from, patience) = (Instant::now(), PATIENCE + trouble);
    while at.load.promised() > at.listener.outcomes() + USUAL && from.elapsed() < patience {
        tokio::time::sleep(LOOK).await;
    }
}

/// Outcomes per second and cores in use, without a fault.
async fn flow(at: &Installation) -> (f64, f64) {
    let (from, used) = (Instant::now(), at.cpu());
    tokio::time::sleep(WINDOW).await;
    let seconds = from.elapsed().as_secs_f64();
    let outcomes = at.listener.between(from, Instant::now());
    (outcomes as f64 / seconds, (at.cpu() - used) / seconds)
}

async fn recovery(at: &Installation) -> (Option<Duration>, Option<Duration>) {
    let from = Instant::now();
    let (accepted, outcomes) = (at.provider.figures().await.accepted, at.listener.outcomes());
    let (mut submits, mut tells) = (None, None);
    while (submits.is_none() || tells.is_none()) && from.elapsed() < PATIENCE {
        if submits.is_none() && at.provider.figures().await.accepted > accepted {
            submits = Some(from.elapsed());
        }
        if tells.is_none() && at.listener.outcomes() > outcomes {
            tells = Some(from.elapsed());
        }
        tokio::time::sleep(LOOK).await;
    }
    (submits, tells)
}

impl Cell {
    /// Seconds until both submissions and outcomes continued.
    pub(crate) fn recovered(&self) -> Option<f64> {
        Some(self.submits_after?.max(self.tells_after?).as_secs_f64())
    }

    /// A backlog can make the rate before higher than the rate of new jobs, which is then used
    /// instead.
    pub(crate) fn ratio(&self) -> f64 {
        self.rate_after / self.rate_before.clamp(0.1, load::OFFERED)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, rate_before, rate_after, cpu_before, cpu, redelivered, ended, .. } = self;
        write!(
            f,
            "{fault}: {rate_before:.0}/s, then {rate_after:.0}/s; submits after {:.1?}, tells after \
             {:.1?}; {cpu_before:.2} cores, in trouble {cpu:.2}; {redelivered} redelivered; ended \
             {ended:?}",
            self.submits_after, self.tells_after
        )
    }
}
