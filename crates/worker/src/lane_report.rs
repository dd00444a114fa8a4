//! Which lanes are paused, for metrics and health pages.

use std::collections::BTreeMap;
use std::sync::Arc;

use job::{Operation, Resource, Timestamp};
use ports::Clock;
use tokio::time::Instant;

use crate::intake::{Backoff, Intake};

/// Always shows the present state.
#[derive(Clone)]
pub struct LaneReport {
    intakes: BTreeMap<Resource, Arc<Intake>>,
    clock: Arc<dyn Clock>,
}

/// Jobs that wait for a time because requests failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PausedLane {
    pub resource: Resource,
    /// Only its jobs wait; `None`: all jobs of the resource.
    pub operation: Option<Operation>,
    pub why: String,
    /// When one job tries again; `None`: now.
    pub until: Option<Timestamp>,
}

impl LaneReport {
    pub(crate) fn new(intakes: BTreeMap<Resource, Arc<Intake>>, clock: Arc<dyn Clock>) -> Self {
        Self { intakes, clock }
    }

    /// Lanes, and operations whose lane is well.
    pub fn paused(&self) -> Vec<PausedLane> {
        self.intakes.iter().flat_map(|(resource, intake)| self.of(*resource, intake)).collect()
    }

    fn of(&self, resource: Resource, intake: &Intake) -> Vec<PausedLane> {
        let (now, here) = (self.clock.now(), Instant::now());
        let paused = |operation: Option<Operation>, backoff: Backoff| {
            let until = backoff.until.map(|until| now + until.saturating_duration_since(here));
            PausedLane { resource, operation, why: backoff.why, until }
        };
        if let Some(backoff) = intake.backoff() {
            return vec![paused(None, backoff)];
        }
        let routes = intake.paused_routes().into_iter();
        routes.map(|(route, backoff)| paused(Some(Operation::new(route.path())), backoff)).collect()
    }
}
