//! Requests that build on an earlier task must name it as the provider does.

use job::{Job, JobId, JobKey};

use super::KlingApi;
use super::refusal::Refusal;

/// Refuses the id of a job of ours where the provider's id of a task or a file is needed.
pub(super) async fn is_the_providers(api: &KlingApi, job: &Job) -> Result<(), Refusal> {
    let names = kling::parents(job.request.fields());
    // A name that can be no id of ours is the provider's.
    let named = names.iter().filter_map(|name| JobId::new(*name).ok());
    let keys: Vec<_> = named.map(|id| JobKey::new(job.key.tenant.clone(), id)).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let revisions = api.ask(api.ledger.revisions(&keys)).await?;
    match keys.iter().zip(revisions).find(|(_, revision)| revision.is_some()) {
        None => Ok(()),
        Some((ours, _)) => Err(Refusal::Field(format!(
            "{} is the id of a task here, which the provider does not know: name its file \
             (video_id, audio_id) from the result instead",
            ours.id
        ))),
    }
}
