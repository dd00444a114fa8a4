use futures::future::try_join_all;
use ports::LedgerError;

use crate::RedisLedger;
use crate::link::Repeat;

/// Queries every server on every call: it is reachable, the login works, it drops no data. The
/// ledger has as many shards as are configured.
pub(crate) async fn check(ledger: &RedisLedger) -> Result<(), LedgerError> {
    let each = ledger.links.each().map(|link| async move {
        let () = link.ask(&redis::cmd("PING"), Repeat::Safe).await?;
        link.ask_facts().await?.verdict(ledger.allow_unsafe)
    });
    try_join_all(each).await?;
    ledger.compare_shards().await
}
