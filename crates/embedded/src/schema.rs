use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

/// Identifies the file as ours in its header ("reel").
const APPLICATION_ID: i32 = 0x7265_656c;

/// One script for each schema version, in order; `PRAGMA user_version` counts those applied.
const SCRIPTS: [&str; 18] = [
    include_str!("schema.sql"),
    include_str!("following.sql"),
    include_str!("proposals.sql"),
    include_str!("permits.sql"),
    include_str!("lost.sql"),
    include_str!("turns.sql"),
    include_str!("requests.sql"),
    include_str!("witnesses.sql"),
    include_str!("waiting.sql"),
    include_str!("manual_pauses.sql"),
    include_str!("slot_limits.sql"),
    include_str!("rates.sql"),
    include_str!("spending.sql"),
    include_str!("days.sql"),
    include_str!("acceptances.sql"),
    include_str!("listing.sql"),
    include_str!("allowances.sql"),
    include_str!("activity.sql"),
];

/// The longest wait for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);
const BUSY_STEP: Duration = Duration::from_millis(1);

const CACHED_STATEMENTS: usize = 128;

/// Why a file cannot be used.
#[derive(Debug)]
pub(crate) enum Unfit {
    Sql(rusqlite::Error),
    /// The database of another program.
    Foreign,
    Newer {
        found: i32,
        known: i32,
    },
    /// It needs an upgrade, which writes.
    Old,
    /// No write-ahead log is possible at this path.
    NoLog(String),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// Opens a connection with the settings of all our threads.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sql = Connection::open_with_flags(path, flags)?;
    sql.busy_handler(Some(wait_while_busy))?;
    sql.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    sql.pragma_update(None, "synchronous", "FULL")?;
    sql.pragma_update(None, "temp_store", "MEMORY")?;
    sql.pragma_update(None, "cache_size", -16_000)?;
    sql.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    sql.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    Ok(sql)
}

pub(crate) fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let sql = connect(path)?;
    sql.pragma_update(None, "query_only", true)?;
    Ok(sql)
}

/// The log's index may also need disk space. If the file is locked exclusively, the index is kept
/// in memory. Only for reading; nothing is written on close either.
pub(crate) fn connect_alone(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sql = Connection::open_with_flags(path, flags)?;
    sql.busy_handler(Some(wait_while_busy))?;
    sql.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    sql.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    sql.pragma_update(None, "query_only", true)?;
    sql.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(sql)
}

/// Short steps of equal length: with SQLite's growing ones a process starves beside a busy one.
fn wait_while_busy(tries: i32) -> bool {
    thread::sleep(BUSY_STEP);
    u128::try_from(tries).unwrap_or_default() < BUSY.as_millis() / BUSY_STEP.as_millis()
}

/// Upgrades the file to the current schema. Several processes may do so at once.
pub(crate) fn prepare(sql: &mut Connection) -> Result<(), Unfit> {
    fit(sql)?;
    use_log(sql)?;
    let tx = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied = fit(&tx)?;
    for script in &SCRIPTS[applied..] {
        tx.execute_batch(script)?;
    }
    if applied < SCRIPTS.len() {
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", SCRIPTS.len() as i32)?;
    }
    tx.commit()?;
    Ok(())
}

/// A file that is only read must be ours and of the current version: older ones lack tables.
pub(crate) fn fits(sql: &Connection) -> Result<(), Unfit> {
    match fit(sql)? {
        applied if applied == SCRIPTS.len() => Ok(()),
        _ => Err(Unfit::Old),
    }
}

/// The number of scripts applied to a file that is ours or empty.
fn fit(sql: &Connection) -> Result<usize, Unfit> {
    let application: i32 = sql.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i32 = sql.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = sql.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && version == 0 && tables == 0 {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(Unfit::Foreign);
    }
    match usize::try_from(version) {
        Ok(applied) if applied <= SCRIPTS.len() => Ok(applied),
        _ => Err(Unfit::Newer { found: version, known: SCRIPTS.len() as i32 }),
    }
}

/// Switching to the log needs an exclusive lock for a moment, and SQLite does not wait for it.
fn use_log(sql: &Connection) -> Result<(), Unfit> {
    let deadline = Instant::now() + BUSY;
    loop {
        let mode =
            sql.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(Unfit::NoLog(mode)),
            Err(error) if is_busy(&error) && Instant::now() < deadline => thread::sleep(BUSY_STEP),
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

#[cfg(test)]
pub(crate) fn in_memory() -> Connection {
    let sql = Connection::open_in_memory().unwrap();
    for script in SCRIPTS {
        sql.execute_batch(script).unwrap();
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_waits_for_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        std::fs::write(&path, "").unwrap();
        let mut sql = connect(&path).unwrap();
        prepare(&mut sql).unwrap();
        prepare(&mut sql).unwrap();
        let synchronous: i32 =
            sql.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        let journal: String =
            sql.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!((synchronous, journal.as_str()), (2, "wal"), "2 is FULL");
    }

    /// A file of this version.
    fn old(dir: &tempfile::TempDir, version: usize) -> Connection {
        let path = dir.path().join("x.db");
        std::fs::write(&path, "").unwrap();
        let sql = connect(&path).unwrap();
        for script in &SCRIPTS[..version] {
            sql.execute_batch(script).unwrap();
        }
        sql.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        sql.pragma_update(None, "user_version", version).unwrap();
        sql
    }

    #[test]
    fn the_submissions_of_today_count_after_an_upgrade() {
        let dir = tempfile::tempdir().unwrap();
        let mut sql = old(&dir, 13);
        sql.execute_batch("INSERT INTO day (ns, day, count) VALUES (1, 1000, 7)").unwrap();
        prepare(&mut sql).unwrap();
        let kept: (String, i64) = sql
            .query_row("SELECT account, count FROM account_day", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!(kept, ("default".to_owned(), 7));
    }

    #[test]
    fn a_file_of_the_first_version_stays_open_for_work() {
        let dir = tempfile::tempdir().unwrap();
        let mut sql = old(&dir, 1);
        let old = "INSERT INTO namespace (name, generation, began_at) VALUES ('n', 'g', 5)";
        sql.execute_batch(old).unwrap();
        prepare(&mut sql).unwrap();
        let opens_at: Option<i64> =
            sql.query_row("SELECT opens_at FROM namespace", [], |row| row.get(0)).unwrap();
        assert_eq!(opens_at, Some(0));
    }
}
