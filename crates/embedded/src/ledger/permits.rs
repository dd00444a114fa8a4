use job::Timestamp;
use ports::{GrantTerms, HeldPermit, LedgerError, Limits, Permit, PermitReturn, Permitted, Usage};
use rusqlite::{Connection, OptionalExtension, params};

use super::day::Day;
use super::leases;
use super::rates::Rates;
use super::row::parse_key;
use super::shares::Room;
use super::slot_limits::Now;
use crate::column;
use crate::writer::Tx;

/// Those that wait come before a job that does not.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    ns: i64,
    permit: &Permit,
    terms: &GrantTerms,
) -> rusqlite::Result<Permitted> {
    let room = Room { sql: tx.sql, ns, pool: &permit.pool };
    let Now { limits, paused_until } = Now::of(tx, ns, &permit.pool, &terms.limits)?;
    let rates = Rates { sql: tx.sql, ns, now: tx.now, permit, terms };
    let ordered = limits.concurrency > 0 || limits.per_minute > 0;
    let waits = ordered && room.somebody_waits()?
        || paused_until.is_some()
        || rates.next_of_account()?.is_some()
        || rates.next_of_tenant()?.is_some()
        || room.tenant_must_wait(permit, &terms.of(&permit.key.tenant))?;
    match waits && find(tx.sql, ns, permit)?.is_none() {
        true => at_limit(tx.sql, ns, permit, &limits),
        false => take_slots(tx, ns, permit, terms, &limits),
    }
}

/// `limits`: as they apply now.
pub(super) fn take_slots(
    tx: &mut Tx<'_>,
    ns: i64,
    permit: &Permit,
    terms: &GrantTerms,
    limits: &Limits,
) -> rusqlite::Result<Permitted> {
    let (day, account) = (Day::of(tx.now), Permit::account_of(&permit.pool));
    if let Some(held) = find(tx.sql, ns, permit)? {
        return take_over(tx, ns, permit, limits, held);
    }
    let most = limits.submissions_per_day;
    if most > 0 && day.count(tx.sql, ns, account)? >= most {
        return Ok(Permitted::DayOver { until: day.end() });
    }
    let used = used(tx.sql, ns, &permit.pool)?;
    if limits.concurrency > 0 && used.saturating_add(permit.weight) > limits.concurrency {
        return at_limit(tx.sql, ns, permit, limits);
    }
    hold(tx, ns, permit)?;
    day.add(tx.sql, ns, account, 1)?;
    Rates { sql: tx.sql, ns, now: tx.now, permit, terms }.count()?;
    Ok(Permitted::Granted)
}

fn at_limit(
    sql: &Connection,
    ns: i64,
    permit: &Permit,
    limits: &Limits,
) -> rusqlite::Result<Permitted> {
    let room = Room { sql, ns, pool: &permit.pool };
    let waiting = room.count_waiting(&permit.key.tenant)?;
    let (used, slots) = (used(sql, ns, &permit.pool)?, limits.concurrency);
    Ok(Permitted::AtLimit { used, slots, waiting })
}

/// The slots that a job's round already holds.
struct Held {
    weight: u32,
    /// The revision at which they were requested.
    asked: u64,
}

/// The revision at which the slots that it holds were requested.
pub(super) fn asked(sql: &Connection, ns: i64, permit: &Permit) -> rusqlite::Result<Option<u64>> {
    Ok(find(sql, ns, permit)?.map(|held| held.asked))
}

fn find(sql: &Connection, ns: i64, permit: &Permit) -> rusqlite::Result<Option<Held>> {
    let Permit { pool, key, round, .. } = permit;
    sql.prepare_cached(
        "SELECT weight, revision FROM permit
         WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4",
    )?
    .query_row(params![ns, pool, key.to_string(), round], |row| {
        Ok(Held { weight: row.get(0)?, asked: row.get(1)? })
    })
    .optional()
}

/// A request for a slot that is held. A larger request takes the difference; a smaller one may be
/// the second of two, and changes nothing. If the pool is over its limit, a newer request gives the
/// slot back, because no process uses it; any other waits.
fn take_over(
    tx: &mut Tx<'_>,
    ns: i64,
    permit: &Permit,
    limits: &Limits,
    held: Held,
) -> rusqlite::Result<Permitted> {
    let Permit { pool, key, round, revision, weight } = permit.clone();
    let (newer, used_now) = (revision > held.asked, used(tx.sql, ns, &pool)?);
    let more = weight.saturating_sub(held.weight);
    let fits = limits.concurrency == 0 || used_now.saturating_add(more) <= limits.concurrency;
    if fits {
        // A request with a limit is about to use the slot: its time starts again.
        let since = (limits.concurrency > 0).then_some(tx.now.as_millis());
        let latest = revision.max(held.asked);
        tx.sql
            .prepare_cached(
                "UPDATE permit SET revision = ?5, since = coalesce(?6, since), weight = weight + ?7
                 WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4",
            )?
            .execute(params![ns, pool, key.to_string(), round, latest, since, more])?;
        change_used(tx.sql, ns, &pool, i64::from(more))?;
        return Ok(Permitted::Granted);
    }
    if newer {
        let back = PermitReturn { pool, key, round, revision, since: None, unspent: false };
        give(tx, ns, &back)?;
    }
    at_limit(tx.sql, ns, permit, limits)
}

fn hold(tx: &mut Tx<'_>, ns: i64, permit: &Permit) -> rusqlite::Result<()> {
    tx.sql
        .prepare_cached(
            "INSERT INTO permit (ns, pool, key, round, weight, since, revision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            ns,
            permit.pool,
            permit.key.to_string(),
            permit.round,
            permit.weight,
            tx.now.as_millis(),
            permit.revision
        ])?;
    change_used(tx.sql, ns, &permit.pool, i64::from(permit.weight))
}

pub(crate) fn give(tx: &mut Tx<'_>, ns: i64, returned: &PermitReturn) -> rusqlite::Result<()> {
    let PermitReturn { pool, key, round, revision, since, .. } = returned;
    let since = since.map(Timestamp::as_millis);
    let weight: Option<i64> = tx
        .sql
        .prepare_cached(
            "DELETE FROM permit
             WHERE ns = ?1 AND pool = ?2 AND key = ?3 AND round = ?4 AND revision < ?5
               AND since <= coalesce(?6, since)
             RETURNING weight",
        )?
        .query_row(params![ns, pool, key.to_string(), round, revision, since], |row| row.get(0))
        .optional()?;
    let Some(weight) = weight else { return Ok(()) };
    change_used(tx.sql, ns, &returned.pool, -weight)?;
    // What was left behind may be a grant that nobody confirmed, which is still to be found.
    if since.is_none() {
        let (pool, key, revision) = (pool.clone(), key.clone(), *revision);
        leases::confirm(tx, ns, &Permit { pool, key, round: *round, weight: 0, revision })?;
    }
    tx.touched.slots = true;
    if returned.unspent {
        Day::of(tx.now).add(tx.sql, ns, Permit::account_of(&returned.pool), -1)?;
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

pub(crate) fn usage(sql: &Connection, ns: i64, pool: &str) -> rusqlite::Result<Usage> {
    let waiting = Room { sql, ns, pool }.count()?;
    Ok(Usage { used: used(sql, ns, pool)?, waiting })
}

pub(crate) fn used(sql: &Connection, ns: i64, pool: &str) -> rusqlite::Result<u32> {
    let used: Option<i64> = sql
        .prepare_cached("SELECT used FROM pool WHERE ns = ?1 AND name = ?2")?
        .query_row(params![ns, pool], |row| row.get(0))
        .optional()?;
    Ok(used.and_then(|n| u32::try_from(n).ok()).unwrap_or(0))
}

/// Permits held in a pool, the oldest first.
pub(crate) fn held(
    sql: &Connection,
    ns: i64,
    pool: &str,
) -> rusqlite::Result<Vec<Result<HeldPermit, LedgerError>>> {
    let rows: Vec<(Vec<u8>, u32, u32, i64, u64)> = sql
        .prepare_cached(
            "SELECT key, round, weight, since, revision FROM permit WHERE ns = ?1 AND pool = ?2
             ORDER BY since, key, round",
        )?
        .query_map(params![ns, pool], |row| {
            Ok((column::bytes(row, 0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let held = rows.into_iter().map(|(key, round, weight, since, revision)| {
        Ok(HeldPermit {
            permit: Permit {
                pool: pool.to_owned(),
                key: parse_key(&key)?,
                round,
                weight,
                revision,
            },
            since: Timestamp::from_millis(since),
        })
    });
    Ok(held.collect())
}
