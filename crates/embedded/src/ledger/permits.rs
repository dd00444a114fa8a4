use job::Timestamp;
use ports::{HeldPermit, Limits, Permit, PermitReturn, Permitted};
use rusqlite::{Connection, OptionalExtension, params};

use super::Outcome;
use super::day::Day;
use super::row::parse_key;
use crate::failure::Failure;
use crate::writer::Tx;

pub(crate) fn take(
    tx: &mut Tx<'_>,
    ns: i64,
    permit: &Permit,
    limits: &Limits,
) -> rusqlite::Result<Permitted> {
    if is_held(tx.sql, ns, permit)? {
        return Ok(Permitted::Granted);
    }
    let day = Day::of(tx.now);
    if limits.submissions_per_day > 0 && day.count(tx.sql, ns)? >= limits.submissions_per_day {
        return Ok(Permitted::DayOver { until: day.end() });
    }
    let used = used(tx.sql, ns, &permit.pool)?;
    if limits.concurrency > 0 && used.saturating_add(permit.weight) > limits.concurrency {
        return Ok(Permitted::AtLimit { used });
    }
    hold(tx, ns, permit)?;
    day.add(tx.sql, ns, 1)?;
    Ok(Permitted::Granted)
}

fn is_held(sql: &Connection, ns: i64, permit: &Permit) -> rusqlite::Result<bool> {
    sql.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM permit
         WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4)",
    )?
    .query_row(params![ns, permit.pool, permit.key.to_string(), permit.round], |row| row.get(0))
}

fn hold(tx: &mut Tx<'_>, ns: i64, permit: &Permit) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached(
            "INSERT INTO permit (ns, pool, key, round, weight, since)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            ns,
            permit.pool,
            permit.key.to_string(),
            permit.round,
            permit.weight,
            tx.now.as_millis()
        ])?;
    change_used(tx.sql, ns, &permit.pool, i64::from(permit.weight))
}

pub(crate) fn give(tx: &mut Tx<'_>, ns: i64, returned: &PermitReturn) -> rusqlite::Result<()> {
    let weight: Option<i64> = tx
        .sql
        .prepare_cached(
            "DELETE FROM permit WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4
             RETURNING weight",
        )?
        .query_row(params![ns, returned.pool, returned.key.to_string(), returned.round], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(weight) = weight else { return Ok(()) };
    change_used(tx.sql, ns, &returned.pool, -weight)?;
    if returned.unspent {
        Day::of(tx.now).add(tx.sql, ns, -1)?;
    }
    Ok(())
}

fn change_used(sql: &Connection, ns: i64, pool: &str, change: i64) -> rusqlite::Result<()> {
    sql.prepare_cached(
        "INSERT INTO pool (ns, name, used) VALUES (?1, ?2, ?3)
         ON CONFLICT (ns, name) DO UPDATE SET used = used + excluded.used",
    )?
    .execute(params![ns, pool, change])?;
    Ok(())
}

pub(crate) fn used(sql: &Connection, ns: i64, pool: &str) -> rusqlite::Result<u32> {
    let used: Option<i64> = sql
        .prepare_cached("SELECT used FROM pool WHERE ns = ?1 AND name = ?2")?
        .query_row(params![ns, pool], |row| row.get(0))
        .optional()?;
    Ok(used.and_then(|n| u32::try_from(n).ok()).unwrap_or(0))
}

/// Those held in a pool, the longest first.
pub(crate) fn held(sql: &Connection, ns: i64, pool: &str) -> Outcome<Vec<HeldPermit>> {
    let rows: Vec<(String, u32, u32, i64)> = sql
        .prepare_cached(
            "SELECT key, round, weight, since FROM permit WHERE ns = ?1 AND pool = ?2
             ORDER BY since, key, round",
        )?
        .query_map(params![ns, pool], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let held = rows.into_iter().map(|(key, round, weight, since)| {
        Ok(HeldPermit {
            permit: Permit {
                pool: pool.to_owned(),
                key: parse_key(&key).map_err(Failure::Refused)?,
                round,
                weight,
            },
            since: Timestamp::from_millis(since),
        })
    });
    held.collect()
}
