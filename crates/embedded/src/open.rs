use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use ports::{Broker, Ledger};
use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params,
};
use spans::Spans;
use tokio::sync::watch;
use uuid::Uuid;

use crate::broker::queues::Queues;
use crate::broker::returns::Returns;
use crate::broker::{Dispatch, FileBroker, Promote, PutBack, Registry};
use crate::file::DatabaseFile;
use crate::housekeeping::Housekeeping;
use crate::ledger::FileLedger;
use crate::presence::{Locks, Present, create_private_dir, private_file};
use crate::reader::Readers;
use crate::reclaim::{reclaim, reclaim_all};
use crate::schema::{self, Unfit, read_only};
use crate::store::{Entered, Store, WriterLink};
use crate::writer::{Chores, LastError, ProcessList, Progress, Writer};

/// Default: settled records are kept for a week.
const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Clone, Debug)]
pub struct Settings {
    /// The database; created with its directory if it is missing.
    pub path: PathBuf,
    /// Installations with different namespaces may share one file without seeing each other.
    pub namespace: String,
    /// How long a settled and announced record is kept.
    pub retention: Duration,
    /// How the process names its spans to other processes, if it traces.
    pub spans: Spans,
}

impl Settings {
    pub fn new(path: impl Into<PathBuf>, namespace: impl Into<String>) -> Self {
        let spans = Spans::default();
        Self { path: path.into(), namespace: namespace.into(), retention: RETENTION, spans }
    }
}

/// Why the file cannot be used. An operator must act, except on [`Busy`](Self::Busy).
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be created, read or written there.
    #[error("{} cannot be used: {cause}", path.display())]
    Unusable { path: PathBuf, cause: String },
    /// Another process has kept it locked for seconds: a later try may succeed.
    #[error("{} is in use: {cause}", path.display())]
    Busy { path: PathBuf, cause: String },
    /// It is another kind of file; it was not changed.
    #[error("{} is not a reelwork database: {cause}", path.display())]
    NotOurs { path: PathBuf, cause: String },
    /// A later version of this program has written it; it was not changed.
    #[error(
        "{} has schema version {found}, and this program knows up to {known}: use a newer one",
        path.display()
    )]
    Newer { path: PathBuf, found: i32, known: i32 },
}

/// An open file that this process has joined. Clones share it.
///
/// Without [`close`](Self::close) it closes when the last clone, port, consumer and delivery are
/// dropped.
#[derive(Clone)]
pub struct Embedded {
    store: Arc<Store>,
    registry: Arc<Registry>,
    spans: Spans,
}

impl Embedded {
    /// Opens the file, creates it if it is missing, and joins the processes that share it. Blocks
    /// for milliseconds; for up to a few seconds while another process writes.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let path = settings.path.clone();
        let file = prepare_file(&path).map_err(|error| unusable(&path, error))?;
        let mut sql = schema::connect(&path).map_err(|error| sql_error(&path, error))?;
        schema::prepare(&mut sql).map_err(|unfit| unfit_error(&path, unfit))?;
        let locks = Locks::beside(&path).map_err(|error| unusable(&path, error))?;
        let name = Uuid::now_v7().to_string();
        let lock = locks.hold(&name).map_err(|error| unusable(&path, error))?;
        let entered =
            enter(&mut sql, &locks, &settings, &name).map_err(|error| sql_error(&path, error))?;
        locks.sweep();
        let present = Present { locks, lock: Some(lock) };
        start(sql, file, present, entered, &settings).map_err(|error| unusable(&path, error))
    }

    /// The read-only ledger of a file that cannot be written, for example on a full disk.
    pub fn look(settings: &Settings) -> Result<Arc<dyn Ledger>, OpenError> {
        let path = &settings.path;
        let file = fs::canonicalize(path).and_then(DatabaseFile::of);
        let file = file.map_err(|error| unusable(path, error))?;
        let looked = look_with(read_only, &file, &settings.namespace)
            .or_else(|_| look_with(schema::connect_alone, &file, &settings.namespace));
        let (sql, ns) = looked.map_err(|error| sql_error(path, error))?;
        schema::fits(&sql).map_err(|unfit| unfit_error(path, unfit))?;
        let readers = Readers::on(vec![sql]).map_err(|error| unusable(path, error))?;
        Ok(Arc::new(FileLedger::new(Arc::new(Store::read_only(file, readers, ns)))))
    }

    pub fn broker(&self) -> Arc<dyn Broker> {
        Arc::new(FileBroker::new(self.store.clone(), self.registry.clone(), self.spans))
    }

    pub fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::new(FileLedger::new(self.store.clone()))
    }

    /// Finishes calls in progress, returns deliveries, and ends all leases and consumers of this
    /// process. Ports that are still in use report that the file was closed.
    pub async fn close(self) {
        self.store.close().await;
    }
}

#[cfg(test)]
impl Embedded {
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }
}

/// Starts the threads that read and write.
fn start(
    sql: Connection,
    file: DatabaseFile,
    present: Present,
    entered: Entered,
    settings: &Settings,
) -> io::Result<Embedded> {
    let retention = settings.retention;
    let readers = Readers::start(&file.path)?;
    let (tasks, inbox) = mpsc::channel();
    let (progress, follows) = watch::channel(Progress::default());
    let (registry, returns) = (Arc::new(Registry::default()), Arc::new(Returns::default()));
    let last_error = LastError::default();
    let chores = chores(&entered, retention, &registry, &returns);
    let reports = (progress, last_error.clone());
    let writer = Writer::new(sql, inbox, chores, entered.process, present, reports);
    thread::Builder::new().name("embedded-writer".to_owned()).spawn(move || writer.run())?;
    let link = WriterLink { tasks, progress: follows, last_error, returns };
    let store = Arc::new(Store::new(file, readers, entered, retention, link));
    Ok(Embedded { store, registry, spans: settings.spans })
}

/// The writer's work besides calls.
fn chores(
    entered: &Entered,
    retention: Duration,
    registry: &Arc<Registry>,
    returns: &Arc<Returns>,
) -> Chores {
    let process = entered.process;
    Chores {
        reclaim,
        before: vec![Box::new(PutBack::new(returns.clone(), process))],
        after: vec![
            Box::new(Promote),
            Box::new(Housekeeping::new(entered.ns, retention)),
            Box::new(Dispatch::new(process, registry.clone(), returns.clone())),
        ],
    }
}

fn look_with(
    connect: fn(&Path) -> rusqlite::Result<Connection>,
    file: &DatabaseFile,
    namespace: &str,
) -> rusqlite::Result<(Connection, i64)> {
    let sql = connect(&file.path)?;
    let find = "SELECT id FROM namespace WHERE name = ?1";
    // A namespace that the file does not have is empty.
    let found = sql.query_row(find, [namespace], |row| row.get(0)).optional()?;
    Ok((sql, found.unwrap_or(0)))
}

/// Frees what dead processes held before anything is read.
fn enter(
    sql: &mut Connection,
    locks: &Locks,
    settings: &Settings,
    name: &str,
) -> rusqlite::Result<Entered> {
    let tx = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let processes = ProcessList::read(&tx, locks, None)?;
    reclaim_all(&tx, &processes.dead)?;
    let ns = namespace(&tx, &settings.namespace)?;
    let queues = Queues::ensure(&tx, ns)?;
    tx.execute("INSERT INTO process (name) VALUES (?1)", [name])?;
    let process = tx.last_insert_rowid();
    tx.commit()?;
    processes.dead.into_iter().for_each(|dead| dead.lock.remove());
    Ok(Entered { ns, process, queues })
}

fn namespace(tx: &Transaction<'_>, name: &str) -> rusqlite::Result<i64> {
    tx.execute("INSERT INTO namespace (name) VALUES (?1) ON CONFLICT DO NOTHING", params![name])?;
    tx.query_row("SELECT id FROM namespace WHERE name = ?1", [name], |row| row.get(0))
}

/// SQLite would create a file that all users can read, and would report a directory unclearly.
fn prepare_file(path: &Path) -> io::Result<DatabaseFile> {
    if path.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    if let Some(parent) = path.parent()
        && !parent.as_os_str().is_empty()
    {
        create_private_dir(parent)?;
    }
    private_file().create(true).open(path)?;
    // Later changes of the working directory must not matter.
    DatabaseFile::of(fs::canonicalize(path)?)
}

fn unusable(path: &Path, cause: impl ToString) -> OpenError {
    OpenError::Unusable { path: path.to_owned(), cause: cause.to_string() }
}

fn unfit_error(path: &Path, unfit: Unfit) -> OpenError {
    match unfit {
        Unfit::Sql(error) => sql_error(path, error),
        Unfit::Foreign => OpenError::NotOurs {
            path: path.to_owned(),
            cause: "another program's database".to_owned(),
        },
        Unfit::Newer { found, known } => OpenError::Newer { path: path.to_owned(), found, known },
        Unfit::Old => unusable(path, "an older version wrote it, and it cannot be written now"),
        Unfit::NoLog(mode) => unusable(
            path,
            format!("no write-ahead log is possible there (journal mode \"{mode}\")"),
        ),
    }
}

fn sql_error(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::NotOurs { path: path.to_owned(), cause: error.to_string() }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            OpenError::Busy { path: path.to_owned(), cause: error.to_string() }
        }
        _ => unusable(path, error),
    }
}
