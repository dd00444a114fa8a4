//! Requests that build on an earlier task must name it as the provider does.

use job::{Job, JobId, JobKey};

use super::Jobs;
use crate::refusal::Refusal;

impl Jobs {
    /// Refuses the id of a job of ours where the provider's id of a task or a file is needed.
    pub(super) async fn names_the_providers(&self, job: &Job) -> Result<(), Refusal> {
        let names = kling::parents(job.request.fields());
        // A name that can be no id of ours is the provider's.
        let named = names.iter().filter_map(|name| JobId::new(*name).ok());
        let keys: Vec<_> = named.map(|id| JobKey::new(job.key.tenant.clone(), id)).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let revisions = self.ask(self.ledger.revisions(&keys)).await?;
        match keys.into_iter().zip(revisions).find(|(_, revision)| revision.is_some()) {
            None => Ok(()),
            Some((ours, _)) => Err(Refusal::NotTheProviders(ours.id)),
        }
    }
}
