//! A delivery becomes a job with its place in the provider's API, or a reason why it is none.

use job::{BadJob, Fault, Job, MessageFacts, Reason, decode};
use kling::Route;
use ports::Delivery;

use crate::settings::Settings;

/// A job, and whether it can be done here.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub job: Job,
    pub fit: Result<Fit, Reason>,
}

/// What it takes to do it.
#[derive(Clone, Debug)]
pub(crate) struct Fit {
    pub route: Route,
    /// Slots it takes at the provider.
    pub slots: u32,
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
    match decode(&delivery.message.body, facts) {
        Ok(job) => {
            let job = with_text(job);
            let fit = inspect(&job, delivery.delivery_count, settings);
            Ok(Accepted { job, fit })
        }
        Err(mut bad) => match bad.job.take() {
            Some(job) => Ok(Accepted { job: with_text(job), fit: Err(bad.reason) }),
            None => Err(bad),
        },
    }
}

/// A number where the provider wants text is sent, hashed and kept as that text.
fn with_text(mut job: Job) -> Job {
    if let Some(route) = Route::parse(job.operation.as_str()) {
        let places = kling::numbers_for_text(route, job.request.fields());
        job.request = job.request.with_text_at(&places);
    }
    job
}

fn inspect(job: &Job, deliveries: u32, settings: &Settings) -> Result<Fit, Reason> {
    if deliveries >= settings.max_deliveries {
        return Err(Reason::DeliveredTooOften(deliveries));
    }
    let route = Route::parse(job.operation.as_str())
        .ok_or_else(|| Reason::UnknownOperation(job.operation.to_string()))?;
    let fields = job.request.fields();
    if fields.get("external_task_id").is_some_and(|id| !id.is_null()) {
        let fix = "external_task_id is set by reelwork: give the job an id instead";
        return Err(Reason::InvalidRequest(Fault::of("external_task_id", fix)));
    }
    let validation = kling::validate(route, fields);
    for warning in &validation.warnings {
        tracing::debug!(job = %job.key, field = %warning.field, "{}", warning.message);
    }
    if let Some(fault) = fault(&validation.errors) {
        return Err(Reason::InvalidRequest(fault));
    }
    let slots = route.slots(fields);
    match job.operation.resource().map(|resource| settings.slots.of(resource)) {
        // It would wait for ever, and only the operator can help.
        Some(limit) if limit > 0 && slots > limit => Err(Reason::WiderThanLimit { slots, limit }),
        _ => Ok(Fit { route, slots }),
    }
}

fn fault(problems: &[kling::Problem]) -> Option<Fault> {
    let each: Vec<String> =
        problems.iter().map(|p| format!("{}: {}", p.field, p.message)).collect();
    problems.first().map(|first| Fault::of(&first.field, each.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_place_of_text_is_the_same_job_as_the_text() {
        let read = |duration: &str| {
            let body = format!(
                r#"{{"id":"a","operation":"videos/text2video","request":{{"prompt":"x","duration":{duration}}}}}"#
            );
            with_text(decode(body.as_bytes(), MessageFacts::default()).unwrap())
        };
        let (number, text) = (read("5"), read("\"5\""));
        assert_eq!(number.request.hash(), text.request.hash());
        assert!(inspect(&number, 0, &Settings::default()).is_ok());
        assert!(inspect(&read("[5]"), 0, &Settings::default()).is_err());
    }
}
