use std::time::Duration;

/// What decisions depend on besides the record and the fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Keeps external ids of two installations on one account apart.
    pub installation: String,
    /// Scales every polling interval (1.0 = real time).
    pub pace: f64,
    /// Longest a POST may take.
    pub post_timeout: Duration,
    /// Added to a POST's deadline: before that a denial proves nothing.
    pub settling: Duration,
    /// Denials that must count before a trusted provider is believed.
    pub denials_needed: u32,
    /// Whether a denial may be believed at all (`doctor` finds out).
    pub denials_trusted: bool,
    pub on_doubt: OnDoubt,
    /// A doubt that no look-up could settle is given up after this.
    pub doubt_give_up: Duration,
    /// How long a doubt that only a callback can settle waits for one, after it would have
    /// settled; scaled by the pace.
    pub callback_wait: Duration,
    /// Counted tries before a job is parked.
    pub max_attempts: u32,
    /// A task that has been at work for so long is overdue; scaled by the pace.
    pub overdue_after: Duration,
    /// How long a success without a readable file is looked at; scaled by the pace.
    pub output_wait: Duration,
    /// How long, and how often, the provider must deny a task that it accepted before nobody
    /// waits for it any more; the time is scaled by the pace.
    pub denied_wait: Duration,
    pub denied_looks: u32,
    /// Also say when a task was accepted, not only how it ended.
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

/// What becomes of a doubt that looking cannot settle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDoubt {
    /// Kept for a person: never paid twice.
    #[default]
    Park,
    /// Submitted again under the same external id: may pay twice where ids are not enforced.
    Resubmit,
}
