//! What the message says about its job, as a record and as a rejection.

use job::{BadJob, Kept, Record, RequestHash, Resource};
use ports::Stored;

use super::Attempt;

impl Attempt<'_> {
    pub(super) fn record(&self) -> Record {
        let settings = &self.shared.settings;
        let (job, now) = (&self.submission.decoded.job, self.shared.clock.now());
        let mut record = Record::new(job, &settings.account, &settings.rules.installation, now);
        if let Some(life) = &self.origin.life {
            record = record.in_life(life.clone(), &settings.rules.installation);
        }
        record.slots = self.submission.decoded.slots();
        record.enqueued_at = self.origin.enqueued_at;
        let trace = self.delivery.message.trace_context();
        (record.traceparent, record.tracestate) = (trace.traceparent, trace.tracestate);
        record.worker_span = self.delivery.handling.traceparent().map(str::to_owned);
        record
    }

    /// A job that cannot be done. `None`: its message is not one that is rejected.
    pub(super) fn rejection(&self) -> Option<BadJob> {
        let reason =
            self.submission.decoded.fit.as_ref().err().filter(|reason| reason.is_rejection())?;
        let (job, came_by) = (&self.submission.decoded.job, &self.delivery.routing_key);
        Some(BadJob {
            reason: reason.clone(),
            key: Some(job.key.clone()),
            tenant: Some(job.key.tenant.clone()),
            operation: Some(job.operation.clone()),
            metadata: job.metadata.clone(),
            request: Some(job.request.clone()),
            came_by: job.operation.resource().or(Resource::of_routing_key(came_by)),
            job: None,
        })
    }

    /// The request that the ledger keeps apart is the one that this message brings.
    pub(super) fn with_request(&self, mut stored: Stored, hash: &RequestHash) -> Stored {
        if stored.record.request.is_apart() && stored.record.is_of(hash) {
            stored.record.request = Kept::Here(self.submission.decoded.job.request.clone());
        }
        stored
    }
}
