use std::sync::atomic::{AtomicU32, Ordering};

/// Processes are numbered through, over all supervisors of a world.
#[derive(Debug, Default)]
pub(crate) struct Census(AtomicU32);

impl Census {
    pub(crate) fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}
