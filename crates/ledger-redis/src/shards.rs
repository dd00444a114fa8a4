//! The number of shards, which is stored under every tag when a ledger first starts. With another
//! number, records would not be found.

use futures::future::try_join_all;
use ports::LedgerError;

use crate::RedisLedger;
use crate::keys::FIRST_SHARDS;
use crate::link::Repeat;
use crate::scan::Scan;

impl RedisLedger {
    /// Refuses another number of shards than the ledger has. Writes nothing.
    pub(crate) async fn compare_shards(&self) -> Result<(), LedgerError> {
        match stored(self).await? {
            Some(there) => same(self, there),
            None if began_without(self).await? => same(self, FIRST_SHARDS),
            None => Ok(()),
        }
    }
}

/// Refuses another number than the ledger has, and stores it if there is none.
pub(crate) async fn settle(ledger: &RedisLedger) -> Result<(), LedgerError> {
    ledger.compare_shards().await?;
    let key = ledger.keys.permits().shards();
    let link = ledger.links.of(ledger.keys.permits());
    let (mut get, mut set) = (redis::cmd("GET"), redis::cmd("SET"));
    get.arg(&key);
    if link.ask::<Option<u16>>(&get, Repeat::Safe).await?.is_none() {
        if has_records_without(ledger).await? {
            return same(ledger, FIRST_SHARDS);
        }
        set.arg(&key).arg(ledger.keys.count()).arg("NX");
        let _: Option<String> = link.ask(&set, Repeat::Safe).await?;
    }
    // Another process may have been faster.
    let there: Option<u16> = link.ask(&get, Repeat::Safe).await?;
    there.map_or(Ok(()), |there| same(ledger, there))
}

/// Each tag may have lost its data alone. The tag of the permits is the same for all numbers.
async fn stored(ledger: &RedisLedger) -> Result<Option<u16>, LedgerError> {
    let each = ledger.keys.all().map(|tag| async move {
        let mut command = redis::cmd("GET");
        command.arg(tag.shards());
        ledger.links.of(tag).ask::<Option<u16>>(&command, Repeat::Safe).await
    });
    let found: Vec<u16> = try_join_all(each).await?.into_iter().flatten().collect();
    let other = found.iter().find(|there| **there != ledger.keys.count());
    Ok(other.or(found.first()).copied())
}

/// Earlier versions stored no number. They could not use a cluster.
async fn began_without(ledger: &RedisLedger) -> Result<bool, LedgerError> {
    if ledger.links.are_many() {
        return Ok(false);
    }
    let mut command = redis::cmd("EXISTS");
    command.arg(ledger.keys.with_first_shards().deciding().generation());
    ledger.links.first().ask(&command, Repeat::Safe).await
}

/// The generation of an earlier version may have ended, for example by a restart of the server.
async fn has_records_without(ledger: &RedisLedger) -> Result<bool, LedgerError> {
    if ledger.keys.count() == FIRST_SHARDS || stored(ledger).await?.is_some() {
        return Ok(false);
    }
    let mut scan = Scan::of(ledger, "job:*");
    while let Some(keys) = scan.next().await? {
        if !keys.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn same(ledger: &RedisLedger, there: u16) -> Result<(), LedgerError> {
    if there == ledger.keys.count() {
        return Ok(());
    }
    Err(LedgerError::Denied(format!(
        "this ledger has {there} shards, which cannot be changed, and {} are configured: set \
         ledger.shards to {there}",
        ledger.keys.count()
    )))
}
