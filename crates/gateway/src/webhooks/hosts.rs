use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many calls of each host are under way.
pub(super) struct Hosts {
    most: usize,
    busy: Arc<Mutex<HashMap<String, usize>>>,
}

/// Leave for one call, until it is dropped.
pub(super) struct Slot {
    host: String,
    busy: Arc<Mutex<HashMap<String, usize>>>,
}

impl Hosts {
    pub(super) fn of(most: usize) -> Self {
        Self { most, busy: Arc::default() }
    }

    /// `None`: as many calls as one host may have are under way.
    pub(super) fn slot(&self, host: &str) -> Option<Slot> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = busy.entry(host.to_owned()).or_default();
        if *calls >= self.most {
            return None;
        }
        *calls += 1;
        Some(Slot { host: host.to_owned(), busy: self.busy.clone() })
    }
}

impl Drop for Slot {
    /// A host without a call takes no memory.
    fn drop(&mut self) {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = busy.get_mut(&self.host) {
            *calls -= 1;
            if *calls == 0 {
                busy.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_own_slots_and_gets_them_back() {
        let hosts = Hosts::of(2);
        let first = hosts.slot("a");
        let second = hosts.slot("a");
        assert!(first.is_some() && second.is_some());
        assert!(hosts.slot("a").is_none() && hosts.slot("b").is_some());
        drop(first);
        assert!(hosts.slot("a").is_some());
        drop(second);
        assert!(hosts.busy.lock().unwrap().is_empty());
    }
}
