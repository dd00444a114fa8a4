//! Puts back records that the ledger has lost.

use std::time::Duration;

use job::Record;
use ports::{Created, Fence, LedgerError, OutboxEntry, Write};

use crate::plan::Plan;
use crate::writer::{Writer, Wrote};

impl Writer {
    /// Writes a record that is missing, or replaces an older one: `in_place_of` returns the record
    /// to write there, or `None` to leave it. `lease`: how long its announcements are kept from
    /// pollers. Returns its announcements, or `None` if nothing was written.
    pub async fn put_back(
        &self,
        fence: &Fence,
        plan: &Plan,
        lease: Duration,
        in_place_of: impl Fn(Record, &Record) -> Option<Record>,
    ) -> Result<Option<Vec<OutboxEntry>>, LedgerError> {
        let write = Write { outbox_lease: lease, ..self.write(plan)? };
        loop {
            let there = match self.ledger.create(fence, write.clone()).await? {
                Created::New => return Ok(Some(write.outbox)),
                Created::Exists(there) => there,
            };
            let Some(record) = in_place_of(write.record.clone(), &there.record) else {
                return Ok(None);
            };
            let over = Write { record, ..write.clone() };
            if let Wrote::Done(_) = self.swap_write(fence, there.version, over).await? {
                return Ok(Some(write.outbox));
            }
        }
    }
}
