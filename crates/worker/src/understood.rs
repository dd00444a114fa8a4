use std::time::Duration;

use tokio::time::Instant;

/// An answer shows the health of its lane and its route for so long.
pub(crate) const FRESH: Duration = Duration::from_secs(10);

/// The last answer that was understood, and the last request that had such an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Understood {
    at: Instant,
    pub(crate) sent_at: Instant,
}

impl Understood {
    pub(crate) fn after(before: Option<Self>, sent_at: Instant, at: Instant) -> Self {
        Self { at, sent_at: before.map_or(sent_at, |before| before.sent_at.max(sent_at)) }
    }

    pub(crate) fn is_fresh(self, now: Instant) -> bool {
        now - self.at < FRESH
    }
}
