use std::time::Duration;

use job::Rules;

/// What a follower needs to know besides its doors.
#[derive(Clone, Debug)]
pub struct Settings {
    pub rules: Rules,
    /// Settled records older than this have expired.
    pub retention: Duration,
    /// A request that left before the ledger was lost has been answered after this.
    pub post_timeout: Duration,
    /// The brake on spending is set: what was submitted today is counted again.
    pub counts_days: bool,
    /// How often the lines of parked jobs are written anew: less than half as long as the journal
    /// keeps them.
    pub parked_again: Duration,
    /// Whether to go on once the generation is open. Of no use where journal and ledger are one
    /// file and can only be lost together.
    pub goes_on: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            retention: Duration::from_secs(7 * 24 * 3600),
            post_timeout: Duration::from_secs(60),
            counts_days: false,
            parked_again: Duration::from_secs(24 * 3600),
            goes_on: true,
        }
    }
}
