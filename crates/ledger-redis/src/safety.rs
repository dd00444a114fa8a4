use ports::LedgerError;

use crate::RedisLedger;
use crate::link::Repeat;

/// Queries the server on every call: it is reachable, the login works, it drops no data.
pub(crate) async fn check(ledger: &RedisLedger) -> Result<(), LedgerError> {
    let () = ledger.link.ask(&redis::cmd("PING"), Repeat::Safe).await?;
    let facts = ledger.link.ask_facts().await?;
    facts.verdict(ledger.allow_unsafe)
}
