//! What is to be told of the lanes.

use std::collections::BTreeMap;
use std::sync::Arc;

use job::{Operation, Resource, Timestamp};
use ports::Clock;
use tokio::time::Instant;

use crate::gate::{Gate, Rest};

/// Shows how the lanes are, as it changes.
#[derive(Clone)]
pub struct LaneReport {
    gates: BTreeMap<Resource, Arc<Gate>>,
    clock: Arc<dyn Clock>,
}

/// Whose jobs wait for a time, because of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resting {
    pub resource: Resource,
    /// Only its jobs wait, and others of the resource pass; `None`: nothing new is taken.
    pub operation: Option<Operation>,
    pub why: String,
    /// When one job tries again; `None`: now.
    pub until: Option<Timestamp>,
}

impl LaneReport {
    pub(crate) fn new(gates: BTreeMap<Resource, Arc<Gate>>, clock: Arc<dyn Clock>) -> Self {
        Self { gates, clock }
    }

    /// Lanes that rest, and operations that rest while their lane is well.
    pub fn resting(&self) -> Vec<Resting> {
        self.gates.iter().flat_map(|(resource, gate)| self.of(*resource, gate)).collect()
    }

    fn of(&self, resource: Resource, gate: &Gate) -> Vec<Resting> {
        let (now, here) = (self.clock.now(), Instant::now());
        let resting = |operation: Option<Operation>, rest: Rest| {
            let until = rest.until.map(|until| now + until.saturating_duration_since(here));
            Resting { resource, operation, why: rest.why, until }
        };
        if let Some(rest) = gate.rest() {
            return vec![resting(None, rest)];
        }
        let routes = gate.resting_routes().into_iter();
        routes.map(|(route, rest)| resting(Some(Operation::new(route.path())), rest)).collect()
    }
}
