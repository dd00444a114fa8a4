use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::LedgerError;

/// An unreadable item is met at every look; it is logged once in this time.
const AGAIN: Duration = Duration::from_secs(3600);

/// More items than this are a fault of the store: then the log may repeat itself.
const MOST: usize = 1024;

/// Leaves out unreadable items, so that one of them stops no other, and logs each once.
#[derive(Debug, Default)]
pub struct Unreadable(Mutex<HashMap<String, Instant>>);

impl Unreadable {
    /// `None` if it cannot be read: it stays in the store, for an operator.
    pub fn skip<T>(&self, read: Result<T, LedgerError>) -> Option<T> {
        read.inspect_err(|error| {
            if self.is_news(error.to_string(), Instant::now()) {
                tracing::error!(%error, "left out: the rest goes on without it");
            }
        })
        .ok()
    }

    fn is_news(&self, what: String, now: Instant) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.get(&what).is_some_and(|at| now.duration_since(*at) < AGAIN) {
            return false;
        }
        if logged.len() >= MOST {
            logged.clear();
        }
        logged.insert(what, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_logged_once_an_hour_and_memory_stays_bounded() {
        let (unreadable, now) = (Unreadable::default(), Instant::now());
        let is_news = |what: &str, at| unreadable.is_news(what.to_owned(), at);
        assert!(is_news("a", now) && is_news("b", now));
        assert!(!is_news("a", now + AGAIN / 2));
        assert!(is_news("a", now + AGAIN));
        for n in 0..MOST * 2 {
            is_news(&n.to_string(), now);
        }
        assert!(unreadable.0.lock().unwrap().len() <= MOST);
    }

    #[test]
    fn what_can_be_read_passes() {
        let corrupt = LedgerError::Corrupt { key: "a".to_owned(), cause: "b".to_owned() };
        let unreadable = Unreadable::default();
        assert_eq!(unreadable.skip(Ok(1)), Some(1));
        assert_eq!(unreadable.skip::<u8>(Err(corrupt)), None);
    }
}
