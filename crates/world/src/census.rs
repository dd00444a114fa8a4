use std::sync::atomic::{AtomicU32, Ordering};

/// Numbers the processes of a world, over all supervisors.
#[derive(Debug, Default)]
pub(crate) struct Census(AtomicU32);

impl Census {
    pub(crate) fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}
