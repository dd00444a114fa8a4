//! A delivery becomes a job with its place in the provider's API, or a reason to park it.

use job::{BadJob, Job, MessageFacts, Reason, decode};
use kling::Route;
use ports::Delivery;

use crate::settings::Settings;

/// A job that can be done here.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub job: Job,
    pub route: Route,
    /// Slots it takes at the provider.
    pub slots: u32,
}

/// One step with one exit.
pub(crate) fn read(delivery: &Delivery, settings: &Settings) -> Result<Accepted, Box<BadJob>> {
    let facts = MessageFacts {
        message_id: Some(delivery.message.id.as_str()).filter(|id| !id.is_empty()),
        routing_key: Some(&delivery.routing_key),
    };
    let job = decode(&delivery.message.body, facts)?;
    match inspect(&job, delivery.delivery_count, settings) {
        Ok((route, slots)) => Ok(Accepted { job, route, slots }),
        Err(reason) => {
            Err(Box::new(BadJob { reason, key: Some(job.key), operation: Some(job.operation) }))
        }
    }
}

fn inspect(job: &Job, deliveries: u32, settings: &Settings) -> Result<(Route, u32), Reason> {
    if deliveries >= settings.max_deliveries {
        return Err(Reason::DeliveredTooOften(deliveries));
    }
    let route = Route::parse(job.operation.as_str())
        .ok_or_else(|| Reason::UnknownOperation(job.operation.to_string()))?;
    let fields = job.request.fields();
    if fields.contains_key("external_task_id") {
        return Err(Reason::InvalidRequest(
            "external_task_id is set by reelwork: give the job an id instead".to_owned(),
        ));
    }
    let validation = kling::validate(route, fields);
    for warning in &validation.warnings {
        tracing::debug!(job = %job.key, field = %warning.field, "{}", warning.message);
    }
    if !validation.errors.is_empty() {
        return Err(Reason::InvalidRequest(sentence(&validation.errors)));
    }
    let slots = route.slots(fields);
    match job.operation.resource().map(|resource| settings.slots.of(resource)) {
        Some(limit) if limit > 0 && slots > limit => Err(too_wide(slots, limit)),
        _ => Ok((route, slots)),
    }
}

/// It would wait for ever.
fn too_wide(slots: u32, limit: u32) -> Reason {
    Reason::InvalidRequest(format!(
        "n: {slots} slots can never be free when the limit is {limit}; lower n or raise limits.images"
    ))
}

fn sentence(problems: &[kling::Problem]) -> String {
    let each: Vec<String> =
        problems.iter().map(|p| format!("{}: {}", p.field, p.message)).collect();
    each.join("; ")
}
