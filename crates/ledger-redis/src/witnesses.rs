use std::collections::BTreeMap;

use ports::{LedgerError, Witness};

use crate::RedisLedger;
use crate::codec;
use crate::link::Repeat;

pub(crate) async fn put(
    ledger: &RedisLedger,
    account: &str,
    witness: &Witness,
) -> Result<(), LedgerError> {
    let mut command = redis::cmd("HSET");
    command.arg(ledger.keys.permits().witnesses(account)).arg(witness.operation.as_str());
    command.arg(codec::json(account, witness)?);
    let _: i64 = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    Ok(())
}

pub(crate) async fn all(ledger: &RedisLedger, account: &str) -> Result<Vec<Witness>, LedgerError> {
    let mut command = redis::cmd("HGETALL");
    command.arg(ledger.keys.permits().witnesses(account));
    let found: BTreeMap<String, Vec<u8>> = ledger.at_permits().ask(&command, Repeat::Safe).await?;
    let read = found.values().map(|text| codec::from_json(account, text));
    Ok(read.filter_map(|witness| ledger.unreadable.skip(witness)).collect())
}
