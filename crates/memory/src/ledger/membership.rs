use std::time::Duration;

use job::Timestamp;
use ports::{Fence, Generation, LedgerError, Standing};

use super::Contents;

impl Contents {
    /// Whether a write with this fence may be done.
    pub(super) fn check(&self, fence: &Fence) -> Result<(), LedgerError> {
        if self.trusts_anybody {
            return Ok(());
        }
        if self.generation.as_ref().map(|generation| &generation.id) != Some(&fence.generation.id) {
            return Err(LedgerError::GenerationChanged);
        }
        match self.is_alive(&fence.owner) {
            true => Ok(()),
            false => Err(LedgerError::Fenced),
        }
    }

    pub fn is_alive(&self, owner: &str) -> bool {
        self.lease_end(owner).is_some()
    }

    pub(super) fn any_alive(&self) -> bool {
        self.leases.values().any(|until| *until > self.now)
    }

    /// `None` if the lease has ended.
    pub(super) fn lease_end(&self, owner: &str) -> Option<Timestamp> {
        self.leases.get(owner).copied().filter(|until| *until > self.now)
    }

    pub(super) fn join(&mut self, began_at: Timestamp, lease: Duration) -> Fence {
        self.names += 1;
        let name = self.names;
        let generation = match self.generation.clone() {
            Some(generation) => generation,
            None => self.begin(Generation { id: format!("generation-{name}"), began_at }),
        };
        let owner = format!("owner-{name}");
        self.extend(&owner, lease);
        Fence { generation, owner }
    }

    /// A generation that began at the epoch has no data to compare.
    fn begin(&mut self, generation: Generation) -> Generation {
        let blank = generation.began_at == Timestamp::EPOCH;
        self.opens_at = blank.then_some(Timestamp::EPOCH);
        (self.follower, self.lost) = (None, false);
        self.generation.insert(generation).clone()
    }

    pub(super) fn renew(&mut self, owner: &str, lease: Duration) -> Standing {
        self.extend(owner, lease);
        Standing { now: self.now, opens_at: self.opens_at }
    }

    fn extend(&mut self, owner: &str, lease: Duration) {
        self.leases.insert(owner.to_owned(), self.now + lease);
    }

    pub(super) fn leave(&mut self, owner: &str) {
        self.leases.remove(owner);
    }
}
