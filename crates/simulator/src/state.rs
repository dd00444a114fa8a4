//! The state that all requests share. It is locked for one decision at a time, never during I/O.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::accounts::Accounts;
use crate::books::Books;
use crate::callbacks::Counters;
use crate::chance::Chance;
use crate::sessions::{Purpose, Sessions};
use crate::settings::Settings;
use crate::task::View;

pub(crate) struct State {
    settings: RwLock<Arc<Settings>>,
    books: Mutex<Books>,
    sessions: Mutex<Sessions>,
    callback_counters: Counters,
    callback_planned: Notify,
    /// The simulator's own address.
    url: String,
    started: Instant,
    started_us: u64,
    requests: AtomicU64,
    stopping: watch::Receiver<bool>,
}

impl State {
    /// With `paper`, the state is restored from that file.
    pub(crate) fn new(
        settings: Settings,
        paper: Option<&Path>,
        url: String,
        stopping: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let started_us = u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX);
        let (books, sessions) = match paper {
            Some(path) => Books::open(path, started_us, &settings)?,
            None => Default::default(),
        };
        Ok(State {
            settings: RwLock::new(Arc::new(settings)),
            books: Mutex::new(books),
            sessions: Mutex::new(sessions),
            callback_counters: Counters::default(),
            callback_planned: Notify::new(),
            url,
            started: Instant::now(),
            started_us,
            requests: AtomicU64::new(0),
            stopping,
        })
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        // The next callback may now be due at another time.
        self.callback_planned.notify_one();
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn open_session(&self, id: &str, purpose: Purpose) {
        self.sessions().open(id.to_owned(), purpose);
        let mut books = self.books();
        let now_us = self.now_us();
        books.note_session(now_us, id, purpose);
    }

    /// Writes the last counts to the file.
    pub(crate) fn close_books(&self) {
        let mut books = self.books();
        let now_us = self.now_us();
        books.note_counts(now_us);
    }

    /// Unix microseconds; never runs backwards.
    pub(crate) fn now_us(&self) -> u64 {
        let elapsed = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.started_us.saturating_add(elapsed)
    }

    /// A new request id, a UUID of version 4.
    pub(crate) fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let chance = Chance::new(self.started_us).with(number);
        let bits = u128::from(chance.bits()) << 64 | u128::from(chance.with(1).bits());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }

    /// Base of the urls in results.
    pub(crate) fn base_url(&self) -> String {
        self.settings().public_url.clone().unwrap_or_else(|| self.url.clone())
    }

    pub(crate) fn accounts(&self, with_tasks: bool) -> Accounts {
        let callbacks = self.callback_counters.counts();
        let mut books = self.books();
        let now_us = self.now_us();
        books.snapshot(now_us, with_tasks, callbacks)
    }

    pub(crate) fn reset(&self) {
        self.books().reset();
        *self.sessions() = Sessions::default();
        self.callback_counters.reset();
    }

    pub(crate) fn callback_counters(&self) -> &Counters {
        &self.callback_counters
    }

    /// The callbacks that are due `late_us` after their time, and when the next status changes.
    pub(crate) fn due_callbacks(&self, late_us: u64) -> (Vec<View>, Option<u64>) {
        let mut books = self.books();
        let due = books.due_notices(self.now_us().saturating_sub(late_us));
        (due, books.next_notice_us())
    }

    pub(crate) fn wake_callbacks(&self) {
        self.callback_planned.notify_one();
    }

    pub(crate) async fn callback_planned(&self) {
        self.callback_planned.notified().await;
    }

    /// Waits, but not beyond the end of the simulator. False when it ended.
    pub(crate) async fn pause(&self, duration: Duration) -> bool {
        if duration.is_zero() {
            return true;
        }
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = tokio::time::sleep(duration) => true,
            _ = stopping.wait_for(|stop| *stop) => false,
        }
    }
}
