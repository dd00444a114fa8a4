use ports::LedgerError;

use crate::RedisLedger;
use crate::link::Repeat;

/// Reached, logged in, and set up so that nothing is dropped: asked anew each time.
pub(crate) async fn check(ledger: &RedisLedger) -> Result<(), LedgerError> {
    let () = ledger.link.ask(&redis::cmd("PING"), Repeat::Safe).await?;
    let facts = ledger.link.ask_facts().await?;
    facts.verdict(ledger.allow_unsafe)
}
