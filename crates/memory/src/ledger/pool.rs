use std::collections::BTreeMap;

use job::JobKey;
use ports::HeldPermit;

/// The permits of one limit.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    pub(super) held: BTreeMap<(JobKey, u32), HeldPermit>,
    pub(super) used: u32,
}
