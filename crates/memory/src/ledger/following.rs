use job::JobKey;
use ports::Following;

use super::Contents;

impl Contents {
    /// `None` while another living owner follows.
    pub(super) fn follow(&mut self, owner: &str) -> Option<Following> {
        let other = self.follower.as_ref().filter(|other| *other != owner);
        if other.is_some_and(|other| self.is_alive(other)) {
            return None;
        }
        self.follower = Some(owner.to_owned());
        Some(Following { next: self.followed, lost: self.lost })
    }

    pub(super) fn distrust(&mut self) {
        (self.generation, self.followed) = (None, None);
    }

    pub(super) fn revisions(&self, keys: &[JobKey]) -> Vec<Option<u64>> {
        keys.iter().map(|key| self.records.get(key).map(|row| row.record.revision)).collect()
    }
}
