//! Leave to send one request, and what its answer changes for others.

use std::time::Duration;

use kling::Route;
use tokio::time::Instant;

use super::{Gate, lock};
use crate::lane_health::Leave;

/// Why a request may not be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotNow {
    /// Nothing of this lane, or the job of another route goes first, or the worker stops.
    Lane,
    /// Nothing on this route until then, while others of the lane are well.
    Route { until: Instant },
}

/// What an answer has changed that other workers should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It rests for so long; the request was sent that long ago.
    Unclear { why: String, sent: Duration, rest: Duration },
    /// After unclear answers, or the first of all; the request was sent that long ago.
    Understood { sent: Duration },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) lane: Option<Change>,
    pub(crate) route: Option<Change>,
}

/// Leave to send one request, until it is dropped.
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    pub(super) leave: Leave,
}

impl<'a> Pass<'a> {
    pub(super) fn new(gate: &'a Gate, leave: Leave) -> Self {
        Self { gate, leave }
    }

    /// Now: it may have waited for its slot.
    pub(crate) fn sends(&mut self) {
        self.leave.sent_at = Instant::now();
    }

    pub(crate) fn route(&self) -> Route {
        self.leave.route
    }

    /// To try for a route in trouble, whose lane is well.
    pub(crate) fn is_for_route(&self) -> bool {
        self.leave.for_route
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        lock(&self.gate.health).over(&self.leave, Instant::now());
        self.gate.turned.notify_waiters();
    }
}
