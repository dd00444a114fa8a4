//! Grants that are not confirmed: their rows have a lease.

use job::Timestamp;
use ports::Permit;
use rusqlite::params;

use super::shares::Room;
use crate::writer::Tx;

/// The grant's lease is over, if it has one.
pub(crate) fn confirm(tx: &mut Tx<'_>, ns: i64, permit: &Permit) -> rusqlite::Result<()> {
    let Permit { pool, key, round, revision, .. } = permit;
    tx.sql
        .prepare_cached(
            "DELETE FROM waiter WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4
                 AND lease_end IS NOT NULL AND revision <= ?5",
        )?
        .execute(params![ns, pool, key.to_string(), round, revision])?;
    Ok(())
}

impl Room<'_> {
    /// It is granted, and has left the order.
    pub(super) fn lease(&self, permit: &Permit, until: Timestamp) -> rusqlite::Result<()> {
        let key = permit.key.to_string();
        self.sql
            .prepare_cached(
                "UPDATE waiter SET lease_end = ?5
                 WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4",
            )?
            .execute(params![self.ns, self.pool, key, permit.round, until.as_millis()])?;
        self.change_waiting(-1)
    }
}
