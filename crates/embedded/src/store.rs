use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::broker::queues::Queues;
use crate::broker::returns::Returns;
use crate::error::{Error, StoreError};
use crate::file::DatabaseFile;
use crate::reader::Readers;
use crate::writer::{Call, LastError, Operation, Progress, Task, Tx};

/// Sends calls to the file: writes to one thread, reads to others.
pub(crate) struct Store {
    pub(crate) ns: i64,
    pub(crate) process: i64,
    pub(crate) retention: Duration,
    pub(crate) queues: Queues,
    /// Deliveries to return without waiting for a result.
    pub(crate) returns: Arc<Returns>,
    progress: watch::Receiver<Progress>,
    file: DatabaseFile,
    tasks: mpsc::Sender<Task>,
    readers: Readers,
    closed: AtomicBool,
    last_error: LastError,
}

/// The store's channels to and from its writer.
pub(crate) struct WriterLink {
    pub(crate) tasks: mpsc::Sender<Task>,
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) last_error: LastError,
    pub(crate) returns: Arc<Returns>,
}

/// The ids that a process gets when it joins the file.
pub(crate) struct Entered {
    pub(crate) ns: i64,
    pub(crate) process: i64,
    pub(crate) queues: Queues,
}

impl Store {
    pub(crate) fn new(
        file: DatabaseFile,
        readers: Readers,
        entered: Entered,
        retention: Duration,
        writer: WriterLink,
    ) -> Self {
        Self {
            ns: entered.ns,
            process: entered.process,
            retention,
            queues: entered.queues,
            returns: writer.returns,
            progress: writer.progress,
            file,
            tasks: writer.tasks,
            readers,
            closed: AtomicBool::new(false),
            last_error: writer.last_error,
        }
    }

    /// Without a writer: every write reports that the file was closed.
    pub(crate) fn read_only(file: DatabaseFile, readers: Readers, ns: i64) -> Self {
        let entered = Entered { ns, process: 0, queues: Queues::none() };
        let writer = WriterLink {
            tasks: mpsc::channel().0,
            progress: watch::channel(Progress::default()).1,
            last_error: LastError::default(),
            returns: Arc::default(),
        };
        Self::new(file, readers, entered, Duration::ZERO, writer)
    }

    /// Runs in the next transaction, together with other calls; durable on return. If it is
    /// refused, only its own writes are undone. Dropping the future does not undo it.
    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, Error<E>>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, Error<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.submit(Box::new(Call::new(work, reply)))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Reads what was committed before the call.
    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, Error<E>>
    where
        F: FnOnce(&Connection) -> Result<T, Error<E>> + Send + 'static,
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

    pub(crate) fn submit<E>(&self, operation: Box<dyn Operation>) -> Result<(), Error<E>> {
        self.open()?;
        self.send(Task::Run(operation))
    }

    /// Makes the writer check for work.
    pub(crate) fn wake(&self) {
        let _ = self.tasks.send(Task::Wake);
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// The file is still the one at the path, and can be read and written.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.file.check()?;
        if let Some(error) = self.last_error.get() {
            return Err(error);
        }
        let answer = self
            .read(|sql| {
                sql.prepare_cached("SELECT count(*) FROM namespace")?.query_row([], |_| Ok(()))?;
                Ok::<_, Error<()>>(())
            })
            .await;
        match answer {
            Err(Error::Store(error)) => Err(error),
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

    fn open<E>(&self) -> Result<(), Error<E>> {
        match self.closed.load(Ordering::Acquire) {
            true => Err(Error::Store(StoreError::closed())),
            false => Ok(()),
        }
    }

    fn send<E>(&self, task: Task) -> Result<(), Error<E>> {
        self.tasks.send(task).map_err(|_| Error::Store(StoreError::closed()))
    }
}

fn stopped<E>() -> Error<E> {
    Error::Store(StoreError::Unknown("the file was closed before it answered".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::{Embedded, Settings};

    async fn set(store: &Store, account: &'static str, stays: bool) -> Result<(), Error<()>> {
        let work = move |tx: &mut Tx<'_>| {
            tx.sql
                .execute("INSERT INTO pause (ns, account, body) VALUES (1, ?1, '')", [account])?;
            if stays { Ok(()) } else { Err(Error::Refused(())) }
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
            // A repeat violates the table's key.
            set(store, "one", true),
            set(store, "four", true),
        );
        assert_eq!((one, two, four), (Ok(()), Err(Error::Refused(())), Ok(())));
        assert!(matches!(three, Err(Error::Store(StoreError::NotDone(_)))), "{three:?}");
        let names = store.read(|sql| {
            let mut query = sql.prepare("SELECT group_concat(account, ' ') FROM pause")?;
            Ok::<_, Error<()>>(query.query_row([], |row| row.get::<_, String>(0))?)
        });
        assert_eq!(names.await, Ok("four one".to_owned()));
    }
}
