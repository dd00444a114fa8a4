use job::Job;

use super::Jobs;
use crate::refusal::Refusal;

const NOT_SET: &str =
    "clients are not called back here: webhooks.secrets is not set; ask for the task";

impl Jobs {
    /// Refuses a URL that would never be called. `field`: where the client has named it.
    pub(crate) fn may_call(&self, job: &Job, field: &'static str) -> Result<(), Refusal> {
        let Some(url) = &job.webhook else { return Ok(()) };
        let refused = |why: String| Refusal::Field(field, why);
        let guard = self.settings.webhooks.as_ref().ok_or_else(|| refused(NOT_SET.to_owned()))?;
        guard.check(url).map(drop).map_err(|denied| refused(denied.to_string()))
    }
}
