use std::time::Duration;

use job::Rules;

/// The configuration of a follower.
#[derive(Clone, Debug)]
pub struct Settings {
    pub rules: Rules,
    /// Settled records older than this have expired.
    pub retention: Duration,
    /// A request that was sent before the ledger was lost has been answered after this.
    pub post_timeout: Duration,
    /// Submissions per day are limited: those of today are counted again.
    pub counts_days: bool,
    /// Costs are counted: what is reserved, and what was spent today, is counted again.
    pub counts_spending: bool,
    /// Whose tasks and their files are is kept: requests to one of several accounts name both.
    pub notes_owners: bool,
    /// How often the lines of parked jobs are written again: less than half of the time that the
    /// journal keeps them.
    pub journaled_again: Duration,
    /// Whether to continue once the generation is open. Useless if journal and ledger are one file:
    /// they can only be lost together.
    pub goes_on: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            retention: Duration::from_secs(7 * 24 * 3600),
            post_timeout: Duration::from_secs(60),
            counts_days: false,
            counts_spending: false,
            notes_owners: false,
            journaled_again: Duration::from_secs(24 * 3600),
            goes_on: true,
        }
    }
}
