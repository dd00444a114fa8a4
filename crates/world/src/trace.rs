use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memory::StoreTime;

/// What happened, line by line: always as a hash, and as text if that is wanted.
#[derive(Debug)]
pub(crate) struct Trace {
    time: StoreTime,
    entry: Mutex<Entry>,
}

#[derive(Debug)]
struct Entry {
    line: String,
    text: Option<String>,
    hash: u64,
    calls: u64,
    acts: u64,
    faults: BTreeMap<&'static str, u64>,
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

impl Trace {
    pub(crate) fn new(time: StoreTime, keep: bool) -> Self {
        let entry = Entry {
            line: String::new(),
            text: keep.then(String::new),
            hash: FNV_BASIS,
            calls: 0,
            acts: 0,
            faults: BTreeMap::new(),
        };
        Self { time, entry: Mutex::new(entry) }
    }

    fn entry(&self) -> MutexGuard<'_, Entry> {
        self.entry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn line(&self, who: impl fmt::Display, what: fmt::Arguments<'_>) {
        let at = self.time.elapsed_ms();
        let entry = &mut *self.entry();
        entry.line.clear();
        // Writing to a string cannot fail.
        let _ = writeln!(entry.line, "{at:>7} {who} {what}");
        for byte in entry.line.bytes() {
            entry.hash = (entry.hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
        if let Some(text) = &mut entry.text {
            text.push_str(&entry.line);
        }
    }

    /// Counts one more call to a backend and returns the count.
    pub(crate) fn call(&self) -> u64 {
        let mut entry = self.entry();
        entry.calls += 1;
        entry.calls
    }

    pub(crate) fn calls(&self) -> u64 {
        self.entry().calls
    }

    /// One more call that had an effect.
    pub(crate) fn act(&self) {
        self.entry().acts += 1;
    }

    pub(crate) fn acts(&self) -> u64 {
        self.entry().acts
    }

    pub(crate) fn fault(&self, kind: &'static str) {
        *self.entry().faults.entry(kind).or_default() += 1;
    }

    pub(crate) fn faults(&self) -> BTreeMap<&'static str, u64> {
        self.entry().faults.clone()
    }

    pub(crate) fn hash(&self) -> u64 {
        self.entry().hash
    }

    pub(crate) fn text(&self) -> Option<String> {
        self.entry().text.clone()
    }
}
