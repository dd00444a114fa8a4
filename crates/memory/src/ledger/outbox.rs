use std::time::Duration;

use job::{JobKey, State, Timestamp};
use ports::{Claimed, OutboxEntry, OutboxId};

use super::Contents;
use super::contents::Waiting;

type Place = (Timestamp, JobKey, String);

impl Contents {
    /// Not to be claimed during the lease. Adding the same entry again adds no second one.
    pub(super) fn add_entry(&mut self, entry: OutboxEntry, lease: Duration) {
        let id = entry.outbox_id();
        if !self.outbox.contains_key(&(id.key.clone(), id.id.clone())) {
            let place = (id.key.clone(), id.id.clone());
            self.outbox.insert(place, Waiting { entry, at: Timestamp::EPOCH });
        }
        self.set_entry(&id, self.now + lease);
    }

    pub(super) fn claim_outbox(&mut self, limit: usize, lease: Duration) -> Claimed<OutboxEntry> {
        let ready = |(at, _, _): &&Place| *at <= self.now;
        let claimed: Vec<OutboxId> = self
            .unsaid
            .iter()
            .take_while(ready)
            .take(limit)
            .map(|(_, key, id)| OutboxId { key: key.clone(), id: id.clone() })
            .collect();
        let back = self.now + lease;
        claimed.iter().for_each(|id| self.set_entry(id, back));
        let ours = |(_, key, id): &Place| claimed.iter().any(|c| c.key == *key && c.id == *id);
        let next = self.unsaid.iter().find(|place| !ours(place)).map(|(at, _, _)| *at);
        let entry = |id: &OutboxId| self.outbox.get(&(id.key.clone(), id.id.clone()));
        let items = claimed.iter().filter_map(entry).map(|w| w.entry.clone()).collect();
        Claimed { items, now: self.now, next }
    }

    fn set_entry(&mut self, id: &OutboxId, at: Timestamp) {
        let Some(waiting) = self.outbox.get_mut(&(id.key.clone(), id.id.clone())) else { return };
        self.unsaid.remove(&(waiting.at, id.key.clone(), id.id.clone()));
        waiting.at = at;
        self.unsaid.insert((at, id.key.clone(), id.id.clone()));
    }

    pub(super) fn announced(&mut self, id: &OutboxId) {
        let Some(said) = self.outbox.remove(&(id.key.clone(), id.id.clone())) else { return };
        self.unsaid.remove(&(said.at, id.key.clone(), id.id.clone()));
        if said.entry.closes && !self.has_more_to_close(&id.key) {
            self.retire(&id.key);
        }
    }

    /// Whether the record has another outcome in the outbox.
    fn has_more_to_close(&self, key: &JobKey) -> bool {
        let from = (key.clone(), String::new());
        let of_key = self.outbox.range(from..).take_while(|((other, _), _)| other == key);
        of_key.into_iter().any(|(_, waiting)| waiting.entry.closes)
    }

    /// Only settled records expire: a parked job waits for an operator, and a new round continues.
    fn retire(&mut self, key: &JobKey) {
        let Some(row) = self.records.get_mut(key) else { return };
        if !matches!(row.record.state, State::Settled { .. }) {
            return;
        }
        let at = self.now + self.retention;
        if let Some(before) = row.expires.replace(at) {
            self.expiring.remove(&(before, key.clone()));
        }
        self.expiring.insert((at, key.clone()));
    }

    pub(super) fn postpone(&mut self, id: &OutboxId, wait: Duration) {
        if let Some(waiting) = self.outbox.get_mut(&(id.key.clone(), id.id.clone())) {
            waiting.entry.tries += 1;
        }
        self.set_entry(id, self.now + wait);
    }
}
