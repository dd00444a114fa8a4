//! What is spent and reserved.

use job::{CapOf, CapPeriod, Caps, Money, OverCap, Period, Settled, Timestamp};
use ports::{
    HeldReservation, LedgerError, Reservation, Reserved, Settlement, Spender, Spent, SpentBy,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::row::{micros, parse_key};
use super::sums::{Change, Count, Part, Sums};
use crate::column;
use crate::writer::Tx;

pub(crate) fn reserve(
    tx: &mut Tx<'_>,
    ns: i64,
    reservation: &Reservation,
    caps: &Caps,
) -> rusqlite::Result<Reserved> {
    if renew(tx, ns, reservation)? {
        return Ok(Reserved::Held);
    }
    let sums = Sums { sql: tx.sql, ns, account: &reservation.account };
    let month = part(&sums, Period::month_of(tx.now), reservation, caps)?;
    let day = part(&sums, Period::day_of(tx.now), reservation, caps)?;
    let amount = reservation.amount.unwrap_or_default();
    let add = |count, more| [&day, &month].iter().try_for_each(|of| sums.add(of, count, more));
    // The cap that lasts longest first.
    for of in [&month, &day] {
        if let Some(over) = over(&sums, of, amount, caps)? {
            if reservation.refuses {
                add(Count::Refused, 1)?;
            }
            return Ok(Reserved::Over(over));
        }
    }
    match reservation.amount {
        Some(amount) => add(Count::Reserved, micros(amount))?,
        None => add(Count::Unpriced, 1)?,
    }
    insert(tx, ns, reservation, &day, &month)?;
    Ok(Reserved::Held)
}

fn part(
    sums: &Sums<'_>,
    period: Period,
    reservation: &Reservation,
    caps: &Caps,
) -> rusqlite::Result<Part> {
    let (tenant, model) = (reservation.key.tenant.to_string(), reservation.model_name());
    let by_tenant = caps.tenant_is_named || sums.has_room(&period, Spender::Tenant, &tenant)?;
    let by_model = sums.has_room(&period, Spender::Model, model)?;
    let tenant = if by_tenant { tenant } else { String::new() };
    let model = if by_model { model.to_owned() } else { String::new() };
    Ok(Part { period, tenant, model })
}

fn over(
    sums: &Sums<'_>,
    part: &Part,
    amount: Money,
    caps: &Caps,
) -> rusqlite::Result<Option<OverCap>> {
    let is_day = part.period.is_day();
    for (of, cap, spender, name) in [
        (CapOf::Account, caps.account, Spender::Account, ""),
        (CapOf::Tenant, caps.tenant, Spender::Tenant, part.tenant.as_str()),
    ] {
        let Some(cap) = (if is_day { cap.day } else { cap.month }) else { continue };
        let used = sums.used(&part.period, spender, name)?;
        if used + amount > cap {
            let period = if is_day { CapPeriod::Day } else { CapPeriod::Month };
            return Ok(Some(OverCap { of, period, cap, used, until: part.period.end() }));
        }
    }
    Ok(None)
}

/// Whether the round already has a reservation: its time begins again.
fn renew(tx: &Tx<'_>, ns: i64, reservation: &Reservation) -> rusqlite::Result<bool> {
    let Reservation { account, key, round, .. } = reservation;
    let renewed = tx
        .sql
        .prepare_cached(
            "UPDATE reservation SET since = ?5
             WHERE ns = ?1 AND account = ?2 AND key = ?3 AND round = ?4",
        )?
        .execute(params![ns, account, key.to_string(), round, tx.now.as_millis()])?;
    Ok(renewed > 0)
}

fn insert(
    tx: &Tx<'_>,
    ns: i64,
    reservation: &Reservation,
    day: &Part,
    month: &Part,
) -> rusqlite::Result<()> {
    let Reservation { account, key, round, amount, .. } = reservation;
    tx.sql
        .prepare_cached(
            "INSERT INTO reservation (ns, account, key, round, amount, since,
                 day, day_tenant, day_model, month, month_tenant, month_model)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            ns,
            account,
            key.to_string(),
            round,
            amount.map(micros),
            tx.now.as_millis(),
            day.period.to_string(),
            day.tenant,
            day.model,
            month.period.to_string(),
            month.tenant,
            month.model
        ])?;
    Ok(())
}

pub(crate) fn settle(
    tx: &mut Tx<'_>,
    ns: i64,
    account: &str,
    settlement: &Settlement,
) -> rusqlite::Result<()> {
    let Settlement { key, round, settled, since } = settlement;
    let since = since.map(Timestamp::as_millis);
    let removed: Option<(Option<i64>, [Option<Part>; 2])> = tx
        .sql
        .prepare_cached(
            "DELETE FROM reservation WHERE ns = ?1 AND account = ?2 AND key = ?3 AND round = ?4
               AND since <= coalesce(?5, since)
             RETURNING amount, day, day_tenant, day_model, month, month_tenant, month_model",
        )?
        .query_row(params![ns, account, key.to_string(), round, since], |row| {
            Ok((row.get(0)?, [Part::read(row, 1)?, Part::read(row, 4)?]))
        })
        .optional()?;
    let Some((reserved, parts)) = removed else { return Ok(()) };
    let (spent, released) = match *settled {
        Settled::Spent(amount) => (micros(amount), false),
        Settled::Released => (0, true),
    };
    let unpriced = i64::from(reserved.is_none() && released);
    let change = Change { reserved: -reserved.unwrap_or(0), spent, unpriced: -unpriced };
    let sums = Sums { sql: tx.sql, ns, account };
    parts.iter().flatten().try_for_each(|part| sums.change(part, &change))
}

pub(crate) fn reservations(
    sql: &Connection,
    ns: i64,
    account: &str,
) -> rusqlite::Result<Vec<Result<HeldReservation, LedgerError>>> {
    let rows: Vec<(Vec<u8>, u32, Option<u64>, i64)> = sql
        .prepare_cached(
            "SELECT key, round, amount, since FROM reservation WHERE ns = ?1 AND account = ?2
             ORDER BY since, key, round",
        )?
        .query_map(params![ns, account], |row| {
            Ok((column::bytes(row, 0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let held = rows.into_iter().map(|(key, round, amount, since)| {
        let amount = Money::from_micros(amount.unwrap_or(0));
        let since = Timestamp::from_millis(since);
        Ok(HeldReservation { key: parse_key(&key)?, round, amount, since })
    });
    Ok(held.collect())
}

pub(crate) fn all(
    sql: &Connection,
    ns: i64,
    account: &str,
    period: &Period,
) -> rusqlite::Result<Vec<SpentBy>> {
    let rows = sql
        .prepare_cached(
            "SELECT spender, name, spent, reserved, refused, unpriced FROM spending
             WHERE ns = ?1 AND account = ?2 AND period = ?3",
        )?
        .query_map(params![ns, account, period.to_string()], |row| {
            let (spender, name) = (column::lossy(row, 0)?, column::lossy(row, 1)?);
            let money = |at| Ok::<_, rusqlite::Error>(Money::from_micros(row.get(at)?));
            let sums = Spent {
                spent: money(2)?,
                reserved: money(3)?,
                refused: row.get(4)?,
                unpriced: row.get(5)?,
            };
            Ok(Spender::parse(&spender).map(|spender| SpentBy { spender, name, sums }))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut all: Vec<_> = rows.into_iter().flatten().collect();
    all.sort_by(|a, b| (a.spender, &a.name).cmp(&(b.spender, &b.name)));
    Ok(all)
}
