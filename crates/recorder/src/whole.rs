use job::{Kept, Record};
use ports::{LedgerError, Records};

/// The record with its request, for a job message or a journal line. `version`: the one that was
/// read without it; `None` when it has changed since.
pub(crate) async fn whole(
    ledger: &dyn Records,
    version: u64,
    record: Record,
) -> Result<Option<Record>, LedgerError> {
    if !record.request.is_apart() {
        return Ok(Some(record));
    }
    let there = ledger.load_whole(&record.key).await?.filter(|there| there.version == version);
    Ok(there.map(|there| Record { request: there.record.request, ..record }))
}

/// Job messages and journal lines must contain the request.
pub(crate) fn require_whole(record: &Record) -> Result<(), LedgerError> {
    match record.request {
        Kept::Nothing | Kept::Here(_) => Ok(()),
        Kept::Apart => Err(LedgerError::LeftApart { key: record.key.to_string() }),
    }
}
