use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::broker::{Queues, Returns, Tap};
use crate::failure::{Failure, StoreError};
use crate::housekeeping::Keeper;
use crate::open::{Entered, Present};
use crate::reader::Readers;
use crate::schema;
use crate::writer::{Call, Operation, Task, Tx, Writer};

/// How calls reach the file: writes through one thread, reads through others.
pub(crate) struct Store {
    pub(crate) ns: i64,
    pub(crate) process: i64,
    pub(crate) retention: Duration,
    pub(crate) queues: Queues,
    /// Deliveries given back without waiting for an answer.
    pub(crate) returns: Arc<Returns>,
    pulse: watch::Receiver<Pulse>,
    place: Place,
    tasks: mpsc::Sender<Task>,
    readers: Readers,
    closed: AtomicBool,
    failing: Failing,
}

/// Why the last transaction came to nothing, until one comes to something.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failing(Arc<Mutex<Option<StoreError>>>);

impl Failing {
    pub(crate) fn set(&self, outcome: &Result<(), StoreError>) {
        let failed = outcome.as_ref().err().cloned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failed;
    }

    fn get(&self) -> Option<StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What consumers of the journal wait for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pulse {
    /// Changes whenever the journal may have grown.
    pub(crate) journal: u64,
    pub(crate) closed: bool,
}

impl Store {
    pub(crate) fn start(
        sql: Connection,
        place: Place,
        present: Present,
        entered: Entered,
        retention: Duration,
    ) -> io::Result<Self> {
        let readers = Readers::start(&place.path)?;
        let (tasks, inbox) = mpsc::channel();
        let (beat, pulse) = watch::channel(Pulse::default());
        let returns = Arc::new(Returns::default());
        let keeper = Keeper::new(entered.ns, retention);
        let back = returns.clone();
        let failing = Failing::default();
        let told = (beat, failing.clone());
        let writer = Writer::new(sql, inbox, back, present, keeper, entered.process, told);
        thread::Builder::new().name("embedded-writer".to_owned()).spawn(move || writer.run())?;
        Ok(Self {
            ns: entered.ns,
            process: entered.process,
            retention,
            queues: entered.queues,
            returns,
            pulse,
            place,
            tasks,
            readers,
            closed: AtomicBool::new(false),
            failing,
        })
    }

    /// Nobody writes: whoever wants to hears that the file was closed.
    pub(crate) fn looking(place: Place, readers: Readers, ns: i64) -> Self {
        Self {
            ns,
            process: 0,
            retention: Duration::ZERO,
            queues: Queues::none(),
            returns: Arc::default(),
            pulse: watch::channel(Pulse::default()).1,
            place,
            tasks: mpsc::channel().0,
            readers,
            closed: AtomicBool::new(false),
            failing: Failing::default(),
        }
    }

    /// Runs in the next transaction, together with what others ask for; durable on return.
    /// A refusal undoes what this call has written, and nothing else. Dropping the future
    /// does not undo it.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, Failure<E>>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, Failure<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.submit(Box::new(Call::new(work, reply)))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Sees what was committed before the call.
    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, Failure<E>>
    where
        F: FnOnce(&Connection) -> Result<T, Failure<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        self.open()?;
        let (reply, answer) = oneshot::channel();
        self.readers.submit(Box::new(move |sql| {
            let _ = reply.send(work(sql));
        }));
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    pub(crate) fn submit<E>(&self, operation: Box<dyn Operation>) -> Result<(), Failure<E>> {
        self.open()?;
        self.send(Task::Run(operation))
    }

    pub(crate) fn register<E>(&self, tap: Weak<Tap>, queue: i64) -> Result<(), Failure<E>> {
        self.send(Task::Tap(queue, tap))
    }

    /// Tells the writer to look at what was given back.
    pub(crate) fn wake(&self) {
        let _ = self.tasks.send(Task::Wake);
    }

    pub(crate) fn pulse(&self) -> watch::Receiver<Pulse> {
        self.pulse.clone()
    }

    /// The file is still the one at the path, answers, and takes what is written.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.place.check()?;
        if let Some(error) = self.failing.get() {
            return Err(error);
        }
        let answer = self
            .read(|sql| {
                sql.prepare_cached("SELECT count(*) FROM namespace")?.query_row([], |_| Ok(()))?;
                Ok::<_, Failure<()>>(())
            })
            .await;
        match answer {
            Err(Failure::Store(error)) => Err(error),
            _ => Ok(()),
        }
    }

    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let (reply, done) = oneshot::channel();
        if self.tasks.send(Task::Close(reply)).is_ok() {
            let _ = done.await;
        }
    }

    fn open<E>(&self) -> Result<(), Failure<E>> {
        match self.closed.load(Ordering::Acquire) {
            true => Err(Failure::Store(StoreError::closed())),
            false => Ok(()),
        }
    }

    fn send<E>(&self, task: Task) -> Result<(), Failure<E>> {
        self.tasks.send(task).map_err(|_| Failure::Store(StoreError::closed()))
    }
}

fn stopped<E>() -> Failure<E> {
    Failure::Store(StoreError::Unknown("the file was closed before it answered".to_owned()))
}

/// Where the file is, and which file it was when it was opened.
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Place {
    pub(crate) fn of(path: PathBuf) -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            inode: inode(&path)?,
            path,
        })
    }

    /// SQLite goes on writing into a file that was removed, and all of it would be lost.
    fn check(&self) -> Result<(), StoreError> {
        let gone = |what: &str| {
            let path = self.path.display();
            Err(StoreError::NotDone(format!("{path} {what}")))
        };
        #[cfg(unix)]
        match inode(&self.path) {
            Ok(found) if found == self.inode => {}
            Ok(_) => return gone("was replaced by another file"),
            Err(error) => return gone(&format!("cannot be found: {error}")),
        }
        #[cfg(not(unix))]
        if !self.path.exists() {
            return gone("cannot be found");
        }
        Ok(())
    }
}

#[cfg(unix)]
fn inode(path: &std::path::Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let data = fs::metadata(path)?;
    Ok((data.dev(), data.ino()))
}

pub(crate) fn read_only(path: &std::path::Path) -> rusqlite::Result<Connection> {
    let sql = schema::connect(path)?;
    sql.pragma_update(None, "query_only", true)?;
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::{Embedded, Settings};

    async fn set(store: &Store, account: &'static str, stays: bool) -> Result<(), Failure<()>> {
        let work = move |tx: &mut Tx<'_>| {
            tx.sql
                .execute("INSERT INTO pause (ns, account, body) VALUES (1, ?1, '')", [account])?;
            if stays { Ok(()) } else { Err(Failure::Refused(())) }
        };
        store.write(work).await
    }

    #[tokio::test]
    async fn a_call_that_fails_undoes_itself_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let embedded = Embedded::open(Settings::new(dir.path().join("x.db"), "a")).unwrap();
        let store = embedded.store();
        let (one, two, three, four) = tokio::join!(
            set(store, "one", true),
            set(store, "two", false),
            // The same again breaks the table's key.
            set(store, "one", true),
            set(store, "four", true),
        );
        assert_eq!((one, two, four), (Ok(()), Err(Failure::Refused(())), Ok(())));
        assert!(matches!(three, Err(Failure::Store(StoreError::NotDone(_)))), "{three:?}");
        let names = store.read(|sql| {
            let mut query = sql.prepare("SELECT group_concat(account, ' ') FROM pause")?;
            Ok::<_, Failure<()>>(query.query_row([], |row| row.get::<_, String>(0))?)
        });
        assert_eq!(names.await, Ok("four one".to_owned()));
    }
}
