//! Pauses a refused account for all workers; workers and pollers detect it.

use std::time::Duration;

use ports::Pause;

use crate::writer::Writer;

impl Writer {
    /// No worker submits for this account until `rest` is over or an operator resumes it. If the
    /// pause could not be recorded, the next refusal tries again.
    pub async fn pause_account(&self, account: &str, reason: String, rest: Duration) {
        let now = self.clock.now();
        let pause = Pause { reason, since: now, until: now + rest };
        let before = self.ledger.paused(account).await.ok().flatten();
        if before.is_none_or(|before| before.until <= now || before.reason != pause.reason) {
            tracing::warn!(account, reason = pause.reason, "the account is paused for all");
        }
        if let Err(error) = self.ledger.pause(account, &pause).await {
            tracing::warn!(%error, "the account's pause was not recorded");
        }
    }
}
