use std::time::Duration;

use job::{JobKey, Timestamp};
use ports::{Claimed, Stored};

use super::Contents;

impl Contents {
    pub(super) fn claim_due(&mut self, limit: usize, lease: Duration) -> Claimed<Stored> {
        let is_due = |(at, _): &&(Timestamp, JobKey)| *at <= self.now;
        let claimed: Vec<JobKey> =
            self.due.iter().take_while(is_due).take(limit).map(|(_, key)| key.clone()).collect();
        for key in &claimed {
            let back = self.now + lease;
            self.set_due(key, self.lease_of_owner(key).map_or(back, |ends| ends.min(back)));
        }
        let ours = |key: &JobKey| claimed.contains(key);
        let next = self.due.iter().find(|(_, key)| !ours(key)).map(|(at, _)| *at);
        let items = claimed.iter().filter_map(|key| self.load(key)).collect();
        Claimed { items, now: self.now, next }
    }

    pub(super) fn look_now(&mut self, key: &JobKey) {
        let due = self.records.get(key).and_then(|row| row.due);
        if due.is_some_and(|due| due > self.now) {
            self.set_due(key, self.now);
        }
    }

    fn set_due(&mut self, key: &JobKey, at: Timestamp) {
        let Some(row) = self.records.get_mut(key) else { return };
        if let Some(before) = row.due.replace(at) {
            self.due.remove(&(before, key.clone()));
        }
        self.due.insert((at, key.clone()));
    }
}
