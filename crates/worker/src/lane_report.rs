//! What is to be told of the lanes.

use std::collections::BTreeMap;
use std::sync::Arc;

use job::{Resource, Timestamp};
use ports::Clock;
use tokio::time::Instant;

use crate::gate::Gate;

/// Shows how the lanes are, as it changes.
#[derive(Clone)]
pub struct LaneReport {
    gates: BTreeMap<Resource, Arc<Gate>>,
    clock: Arc<dyn Clock>,
}

/// A resource whose lanes take nothing new for a time, because of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resting {
    pub resource: Resource,
    pub why: String,
    /// When one job tries again; `None`: now.
    pub until: Option<Timestamp>,
}

impl LaneReport {
    pub(crate) fn new(gates: BTreeMap<Resource, Arc<Gate>>, clock: Arc<dyn Clock>) -> Self {
        Self { gates, clock }
    }

    pub fn resting(&self) -> Vec<Resting> {
        let (now, here) = (self.clock.now(), Instant::now());
        let resting = |(resource, gate): (&Resource, &Arc<Gate>)| {
            let rest = gate.rest()?;
            let until = rest.until.map(|until| now + until.saturating_duration_since(here));
            Some(Resting { resource: *resource, why: rest.why, until })
        };
        self.gates.iter().filter_map(resting).collect()
    }
}
