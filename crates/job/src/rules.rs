use std::time::Duration;

/// What decisions depend on besides the record and the fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Part of external ids, so that two installations on one account have different ones.
    pub installation: String,
    /// Scales every polling interval (1.0 = real time).
    pub pace: f64,
    /// Longest a POST may take.
    pub post_timeout: Duration,
    /// Added to a POST's deadline: an earlier denial proves nothing.
    pub settling: Duration,
    /// Number of counted denials before the doubt is decided.
    pub denials_needed: u32,
    /// Whether denials prove that no task exists (`doctor` tests this).
    pub denials_trusted: bool,
    pub on_doubt: OnDoubt,
    /// A doubt whose look-ups fail is given up after this.
    pub doubt_give_up: Duration,
    /// How long a doubt that only a callback can settle waits for one, from its settling time on;
    /// scaled by the pace.
    pub callback_wait: Duration,
    /// Attempts before a job is parked.
    pub max_attempts: u32,
    /// A task is overdue this long after its submission; scaled by the pace.
    pub overdue_after: Duration,
    /// How long a success without a readable file is polled; scaled by the pace.
    pub output_wait: Duration,
    /// How long, and how often, the provider must deny an accepted task before the job is in doubt;
    /// the time is scaled by the pace.
    pub denied_wait: Duration,
    pub denied_looks: u32,
    /// Whether accepted tasks are announced, not only outcomes.
    pub announce_submitted: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            installation: "reelwork".to_owned(),
            pace: 1.0,
            post_timeout: Duration::from_secs(60),
            settling: Duration::from_secs(30),
            denials_needed: 2,
            denials_trusted: false,
            on_doubt: OnDoubt::Park,
            doubt_give_up: Duration::from_secs(3600),
            callback_wait: Duration::from_secs(900),
            max_attempts: 20,
            overdue_after: Duration::from_secs(2 * 3600),
            output_wait: Duration::from_secs(300),
            denied_wait: Duration::from_secs(300),
            denied_looks: 5,
            announce_submitted: false,
        }
    }
}

/// What happens to a doubt that look-ups cannot settle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDoubt {
    /// Parked for an operator: never paid twice.
    #[default]
    Park,
    /// Submitted again under the same external id: may pay twice where ids are not enforced.
    Resubmit,
}
