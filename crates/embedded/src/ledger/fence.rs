use std::time::Duration;

use job::Timestamp;
use ports::{Fence, Generation, LedgerError, Standing};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::Outcome;
use crate::error::Error;
use crate::writer::Tx;

/// Checks that a living owner of the current generation writes.
pub(crate) struct FenceCheck {
    ns: i64,
    process: i64,
    generation: String,
    owner: String,
}

impl FenceCheck {
    pub(crate) fn of(fence: &Fence, ns: i64, process: i64) -> Self {
        Self { ns, process, generation: fence.generation.id.clone(), owner: fence.owner.clone() }
    }

    pub(crate) fn run(&self, tx: &Tx<'_>) -> Outcome<()> {
        let (generation, expires_at): (Option<String>, Option<i64>) = tx
            .sql
            .prepare_cached(
                "SELECT (SELECT generation FROM namespace WHERE id = ?1),
                    (SELECT expires_at FROM lease WHERE ns = ?1 AND owner = ?2)",
            )?
            .query_row(params![self.ns, self.owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if generation.as_deref() != Some(self.generation.as_str()) {
            return Err(Error::Refused(LedgerError::GenerationChanged));
        }
        if expires_at.is_none_or(|at| at <= tx.now.as_millis()) {
            return Err(Error::Refused(LedgerError::Fenced));
        }
        Ok(())
    }
}

pub(crate) fn join(
    tx: &mut Tx<'_>,
    ns: i64,
    process: i64,
    began_at: Timestamp,
    lease: Duration,
) -> rusqlite::Result<Fence> {
    let first = Uuid::new_v4().to_string();
    tx.sql
        .prepare_cached(
            "UPDATE namespace
             SET generation = ?2, began_at = ?3, opens_at = iif(?3 = 0, 0, NULL),
                 follower = NULL, lost = 0
             WHERE id = ?1 AND generation IS NULL",
        )?
        .execute(params![ns, first, began_at.as_millis()])?;
    let check =
        FenceCheck { ns, process, generation: String::new(), owner: Uuid::new_v4().to_string() };
    renew(tx, &check, lease)?;
    Ok(Fence {
        generation: generation(tx.sql, ns)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?,
        owner: check.owner,
    })
}

pub(crate) fn renew(
    tx: &mut Tx<'_>,
    check: &FenceCheck,
    lease: Duration,
) -> rusqlite::Result<Standing> {
    tx.sql
        .prepare_cached(
            "INSERT INTO lease (ns, owner, process, expires_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (ns, owner) DO UPDATE
             SET process = excluded.process, expires_at = excluded.expires_at",
        )?
        .execute(params![check.ns, check.owner, check.process, (tx.now + lease).as_millis()])?;
    let opens_at: Option<i64> = tx
        .sql
        .prepare_cached("SELECT opens_at FROM namespace WHERE id = ?1")?
        .query_row([check.ns], |row| row.get(0))?;
    Ok(Standing { now: tx.now, opens_at: opens_at.map(Timestamp::from_millis) })
}

pub(crate) fn leave(tx: &mut Tx<'_>, check: &FenceCheck) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached("DELETE FROM lease WHERE ns = ?1 AND owner = ?2")?
        .execute(params![check.ns, check.owner])?;
    Ok(())
}

pub(crate) fn any_alive(sql: &Connection, ns: i64, now: Timestamp) -> rusqlite::Result<bool> {
    sql.prepare_cached("SELECT EXISTS (SELECT 1 FROM lease WHERE ns = ?1 AND expires_at > ?2)")?
        .query_row(params![ns, now.as_millis()], |row| row.get(0))
}

pub(crate) fn generation(sql: &Connection, ns: i64) -> rusqlite::Result<Option<Generation>> {
    let (id, began_at): (Option<String>, Option<i64>) = sql
        .prepare_cached("SELECT generation, began_at FROM namespace WHERE id = ?1")?
        .query_row([ns], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(id.map(|id| Generation {
        id,
        began_at: Timestamp::from_millis(began_at.unwrap_or_default()),
    }))
}

pub(crate) fn opens_at(sql: &Connection, ns: i64) -> rusqlite::Result<Option<Timestamp>> {
    let find = "SELECT opens_at FROM namespace WHERE id = ?1 AND generation IS NOT NULL";
    let found: Option<Option<i64>> =
        sql.prepare_cached(find)?.query_row([ns], |row| row.get(0)).optional()?;
    Ok(found.flatten().map(Timestamp::from_millis))
}
