use std::time::Duration;

use job::JobKey;
use ports::{AccountTask, MOST_PROPOSALS};

use super::Contents;

impl Contents {
    pub(super) fn propose(&mut self, key: &JobKey, round: u32, task: &str, keep_for: Duration) {
        let now = self.now;
        let (tasks, until) = self.proposed.entry((key.clone(), round)).or_insert((Vec::new(), now));
        if *until <= now {
            tasks.clear();
        }
        *until = now + keep_for;
        if tasks.len() < MOST_PROPOSALS && !tasks.iter().any(|known| known == task) {
            tasks.push(task.to_owned());
        }
    }

    pub(super) fn proposals(&self, key: &JobKey, round: u32) -> Vec<String> {
        let found = self.proposed.get(&(key.clone(), round));
        found
            .filter(|(_, until)| *until > self.now)
            .map(|(tasks, _)| tasks.clone())
            .unwrap_or_default()
    }

    pub(super) fn claim_task(&mut self, task: &AccountTask, key: &JobKey, round: u32) -> bool {
        let task = (task.account.clone(), task.id.clone());
        let owner = (key.clone(), round);
        *self.tasks.entry(task).or_insert_with(|| owner.clone()) == owner
    }

    pub(super) fn task_owner(&self, task: &AccountTask) -> Option<JobKey> {
        let owner = self.tasks.get(&(task.account.clone(), task.id.clone()));
        owner.map(|(key, _)| key.clone())
    }
}
