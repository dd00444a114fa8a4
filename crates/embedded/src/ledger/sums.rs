//! The sums of spending in one account, by period and by who has spent.

use std::time::Duration;

use job::{Money, Period};
use ports::{MOST_SPENDERS, SPENDING_DAYS, SPENDING_MONTH_DAYS, Spender};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::row::limit;
use crate::column;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A period, and the names under which a job is counted in it.
pub(super) struct Part {
    pub(super) period: Period,
    pub(super) tenant: String,
    pub(super) model: String,
}

impl Part {
    /// Three columns from this one on. `None` for a period that cannot be read.
    pub(super) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Self>> {
        let text = |at| column::lossy(row, at);
        let (tenant, model) = (text(at + 1)?, text(at + 2)?);
        Ok(Period::parse(&text(at)?).map(|period| Self { period, tenant, model }))
    }

    fn spenders(&self) -> [(Spender, &str); 3] {
        let (tenant, model) = (self.tenant.as_str(), self.model.as_str());
        [(Spender::Account, ""), (Spender::Tenant, tenant), (Spender::Model, model)]
    }

    fn expires_at(&self) -> i64 {
        let days = if self.period.is_day() { SPENDING_DAYS } else { SPENDING_MONTH_DAYS };
        (self.period.begin() + DAY * days.into()).as_millis()
    }
}

/// A column that is counted.
#[derive(Clone, Copy)]
pub(super) enum Count {
    Reserved,
    Refused,
    Unpriced,
}

impl Count {
    fn statement(self) -> &'static str {
        macro_rules! add {
            ($column:literal) => {
                concat!(
                    "INSERT INTO spending (ns, account, period, spender, name, expires_at, ",
                    $column,
                    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT (ns, account, period, spender, name) DO UPDATE SET ",
                    $column,
                    " = ",
                    $column,
                    " + ?7"
                )
            };
        }
        match self {
            Self::Reserved => add!("reserved"),
            Self::Refused => add!("refused"),
            Self::Unpriced => add!("unpriced"),
        }
    }
}

/// What a settlement adds.
pub(super) struct Change {
    pub(super) reserved: i64,
    pub(super) spent: i64,
    pub(super) unpriced: i64,
}

pub(super) struct Sums<'a> {
    pub(super) sql: &'a Connection,
    pub(super) ns: i64,
    pub(super) account: &'a str,
}

impl Sums<'_> {
    /// Spent and reserved.
    pub(super) fn used(
        &self,
        period: &Period,
        spender: Spender,
        name: &str,
    ) -> rusqlite::Result<Money> {
        let used = self
            .sql
            .prepare_cached(
                "SELECT spent + reserved FROM spending WHERE ns = ?1 AND account = ?2
                   AND period = ?3 AND spender = ?4 AND name = ?5",
            )?
            .query_row(
                params![self.ns, self.account, period.to_string(), spender.word(), name],
                |row| row.get(0),
            )
            .optional()?;
        Ok(Money::from_micros(used.unwrap_or(0)))
    }

    /// Whether it is counted by its name already, or may be.
    pub(super) fn has_room(
        &self,
        period: &Period,
        spender: Spender,
        name: &str,
    ) -> rusqlite::Result<bool> {
        let (known, names): (bool, i64) = self
            .sql
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM spending WHERE ns = ?1 AND account = ?2
                       AND period = ?3 AND spender = ?4 AND name = ?5),
                   (SELECT count(*) FROM (SELECT 1 FROM spending WHERE ns = ?1 AND account = ?2
                       AND period = ?3 AND spender = ?4 AND name <> '' LIMIT ?6))",
            )?
            .query_row(
                params![
                    self.ns,
                    self.account,
                    period.to_string(),
                    spender.word(),
                    name,
                    limit(MOST_SPENDERS)
                ],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
        Ok(known || names < limit(MOST_SPENDERS))
    }

    pub(super) fn add(&self, part: &Part, count: Count, more: i64) -> rusqlite::Result<()> {
        let mut statement = self.sql.prepare_cached(count.statement())?;
        let period = part.period.to_string();
        for (spender, name) in part.spenders() {
            statement.execute(params![
                self.ns,
                self.account,
                period,
                spender.word(),
                name,
                part.expires_at(),
                more
            ])?;
        }
        Ok(())
    }

    /// Sums that have expired stay away.
    pub(super) fn change(&self, part: &Part, change: &Change) -> rusqlite::Result<()> {
        let mut statement = self.sql.prepare_cached(
            "UPDATE spending SET reserved = max(reserved + ?6, 0), spent = spent + ?7,
                 unpriced = max(unpriced + ?8, 0)
             WHERE ns = ?1 AND account = ?2 AND period = ?3 AND spender = ?4 AND name = ?5",
        )?;
        let (period, Change { reserved, spent, unpriced }) = (part.period.to_string(), change);
        for (spender, name) in part.spenders() {
            statement.execute(params![
                self.ns,
                self.account,
                period,
                spender.word(),
                name,
                reserved,
                spent,
                unpriced
            ])?;
        }
        Ok(())
    }
}
