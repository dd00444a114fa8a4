//! Decodes a delivery into a job, or into the reason why it is none.

use job::{BadJob, Job, MessageFacts, Reason, decode};
use ports::Delivery;
use validation::{Fit, Slots, check, with_text};

use crate::queue_kind::QueueKind;

/// A job, and whether it can be done here.
#[derive(Clone, Debug)]
pub(crate) struct Decoded {
    pub job: Job,
    pub fit: Result<Fit, Reason>,
}

impl Decoded {
    /// Ids of tasks and files that its request builds on. Those of helper sessions are not among them.
    pub(crate) fn parents(&self) -> Vec<&str> {
        kling::parents(self.job.request.fields())
    }

    pub(crate) fn slots(&self) -> u32 {
        match &self.fit {
            Ok(fit) => fit.slots,
            Err(Reason::WiderThanLimit { slots, .. }) => *slots,
            Err(_) => 1,
        }
    }
}

/// What a worker takes for a job that can be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) max_deliveries: u32,
    /// Of its widest pools.
    pub(crate) slots: Slots,
}

/// A job, or the reason why it is none.
pub(crate) type Read = Result<Decoded, Box<BadJob>>;

/// A job that cannot be done is still a job: its record may exist.
pub(crate) fn read(delivery: &Delivery, queue: QueueKind, bounds: Bounds) -> Read {
    let facts = MessageFacts {
        message_id: Some(delivery.message.id.as_str()).filter(|id| !id.is_empty()),
        routing_key: Some(&delivery.routing_key),
    };
    // In an overflow queue a message is given back while it waits; a worker has read it before.
    let deliveries = match queue {
        QueueKind::Lane => delivery.delivery_count,
        QueueKind::Overflow => 0,
    };
    decoded(&delivery.message.body, facts, deliveries, bounds)
}

fn decoded(body: &[u8], facts: MessageFacts<'_>, deliveries: u32, bounds: Bounds) -> Read {
    match decode(body, facts) {
        Ok(job) => {
            let job = with_text(job);
            let fit = fit(&job, deliveries, bounds);
            Ok(Decoded { job, fit })
        }
        Err(mut bad) => match bad.job.take() {
            Some(job) => Ok(Decoded { job: with_text(job), fit: Err(bad.reason) }),
            None => Err(bad),
        },
    }
}

/// The count comes first: a message that kills the workers that read it is not read once more.
fn fit(job: &Job, deliveries: u32, bounds: Bounds) -> Result<Fit, Reason> {
    match deliveries >= bounds.max_deliveries {
        true => Err(Reason::DeliveredTooOften(deliveries)),
        false => check(job, bounds.slots),
    }
}

#[cfg(test)]
mod tests;
