use std::time::Duration;

use job::{AccountRules, CallbackSigner, Rules};

/// The configuration of callbacks.
#[derive(Clone, Debug)]
pub struct Settings {
    pub signer: CallbackSigner,
    pub rules: Rules,
    /// With which accounts a job may have been sent, if a loss has left its record behind.
    pub accounts: AccountRules,
    /// How long a proposed task id is stored: longer than a doubt may last, because operators look
    /// into parked jobs.
    pub keep_for: Duration,
    /// A larger body is refused; a task with its results has a few KiB.
    pub most_bytes: usize,
    /// A caller that sends its body more slowly is refused.
    pub body_timeout: Duration,
    /// If the ledger is slower, the callback is refused and the caller may repeat it.
    pub ledger_timeout: Duration,
    /// Maximum number of callbacks handled at once.
    pub concurrency: usize,
}

impl Settings {
    pub fn new(signer: CallbackSigner, rules: Rules, accounts: AccountRules) -> Self {
        Self {
            signer,
            rules,
            accounts,
            keep_for: Duration::from_secs(7 * 24 * 3600),
            most_bytes: 256 * 1024,
            body_timeout: Duration::from_secs(5),
            ledger_timeout: Duration::from_secs(2),
            concurrency: 256,
        }
    }
}
