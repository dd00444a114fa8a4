//! Decodes a delivery into a job, or into the reason why it is none.

use job::{BadJob, Job, MessageFacts, Reason, decode};
use ports::Delivery;
use validation::{Fit, check, with_text};

use crate::settings::Settings;

/// A job, and whether it can be done here.
#[derive(Clone, Debug)]
pub(crate) struct Decoded {
    pub job: Job,
    pub fit: Result<Fit, Reason>,
}

impl Decoded {
    pub(crate) fn slots(&self) -> u32 {
        match &self.fit {
            Ok(fit) => fit.slots,
            Err(Reason::WiderThanLimit { slots, .. }) => *slots,
            Err(_) => 1,
        }
    }
}

/// A job that cannot be done is still a job: its record may exist.
pub(crate) fn read(delivery: &Delivery, settings: &Settings) -> Result<Decoded, Box<BadJob>> {
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
) -> Result<Decoded, Box<BadJob>> {
    match decode(body, facts) {
        Ok(job) => {
            let job = with_text(job);
            let fit = fit(&job, deliveries, settings);
            Ok(Decoded { job, fit })
        }
        Err(mut bad) => match bad.job.take() {
            Some(job) => Ok(Decoded { job: with_text(job), fit: Err(bad.reason) }),
            None => Err(bad),
        },
    }
}

/// The count comes first: a message that kills the workers that read it is not read once more.
fn fit(job: &Job, deliveries: u32, settings: &Settings) -> Result<Fit, Reason> {
    match deliveries >= settings.max_deliveries {
        true => Err(Reason::DeliveredTooOften(deliveries)),
        false => check(job, settings.slots),
    }
}

#[cfg(test)]
mod tests;
