use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use rusqlite::Connection;

use crate::schema::read_only;

/// Two, so that a long list does not delay short reads.
const THREADS: usize = 2;

pub(crate) type Question = Box<dyn FnOnce(&Connection) + Send>;

/// Threads that read the last commit; with the log they need not wait for the writer.
pub(crate) struct Readers {
    questions: mpsc::Sender<Question>,
}

impl Readers {
    pub(crate) fn start(path: &Path) -> io::Result<Self> {
        let connect = |_| read_only(path).map_err(io::Error::other);
        Self::on((0..THREADS).map(connect).collect::<io::Result<_>>()?)
    }

    /// Starts one thread for each connection; they end when this is dropped.
    pub(crate) fn on(connections: Vec<Connection>) -> io::Result<Self> {
        let (questions, inbox) = mpsc::channel();
        let inbox = Arc::new(Mutex::new(inbox));
        for sql in connections {
            let inbox = inbox.clone();
            thread::Builder::new()
                .name("embedded-reader".to_owned())
                .spawn(move || answer_all(&sql, &inbox))?;
        }
        Ok(Self { questions })
    }

    /// A read that cannot be submitted any more is dropped; its caller gets an error.
    pub(crate) fn submit(&self, question: Question) {
        let _ = self.questions.send(question);
    }
}

fn answer_all(sql: &Connection, inbox: &Mutex<mpsc::Receiver<Question>>) {
    while let Some(question) = next(inbox) {
        question(sql);
    }
}

/// Holds the lock while it waits: the threads take turns.
fn next(inbox: &Mutex<mpsc::Receiver<Question>>) -> Option<Question> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
