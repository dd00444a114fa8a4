//! A delivery becomes a job with its place in the provider's API, or a reason why it is none.

use job::{BadJob, Job, MessageFacts, Reason, decode};
use ports::Delivery;
use validation::{Fit, check, with_text};

use crate::settings::Settings;

/// A job, and whether it can be done here.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub job: Job,
    pub fit: Result<Fit, Reason>,
}

impl Accepted {
    pub(crate) fn slots(&self) -> u32 {
        match &self.fit {
            Ok(fit) => fit.slots,
            Err(Reason::WiderThanLimit { slots, .. }) => *slots,
            Err(_) => 1,
        }
    }
}

/// One step with one exit. What is whole and cannot be done is still a job: it may be known as one.
pub(crate) fn read(delivery: &Delivery, settings: &Settings) -> Result<Accepted, Box<BadJob>> {
    let facts = MessageFacts {
        message_id: Some(delivery.message.id.as_str()).filter(|id| !id.is_empty()),
        routing_key: Some(&delivery.routing_key),
    };
    decoded(&delivery.message.body, facts, delivery.delivery_count, settings)
}

fn decoded(
    body: &[u8],
    facts: MessageFacts<'_>,
    deliveries: u32,
    settings: &Settings,
) -> Result<Accepted, Box<BadJob>> {
    match decode(body, facts) {
        Ok(job) => {
            let job = with_text(job);
            let fit = fit(&job, deliveries, settings);
            Ok(Accepted { job, fit })
        }
        Err(mut bad) => match bad.job.take() {
            Some(job) => Ok(Accepted { job: with_text(job), fit: Err(bad.reason) }),
            None => Err(bad),
        },
    }
}

/// The count comes first: a message that kills its readers is not checked once more.
fn fit(job: &Job, deliveries: u32, settings: &Settings) -> Result<Fit, Reason> {
    match deliveries >= settings.max_deliveries {
        true => Err(Reason::DeliveredTooOften(deliveries)),
        false => check(job, settings.slots),
    }
}

#[cfg(test)]
mod tests;
