//! What is shown of a dead letter.

use job::JobKey;
use operator::Letter;
use ports::header;
use serde_json::{Value, json};

pub(super) fn row(letter: &Letter) -> Value {
    let message = &letter.delivery.message;
    let key = letter.key();
    json!({
        "letter": letter.name,
        "id": message.id,
        "job_id": key.as_ref().map(|key| key.id.to_string()),
        "tenant": key.as_ref().map(|key| key.tenant.to_string()),
        "reason": reason(letter),
        "detail": message.get(header::DETAIL),
        "routing_key": letter.routing_key(),
        "dead_at": letter.dead_at().map(|at| at.to_string()),
        "bytes": message.body.len(),
    })
}

/// Our reason, or the broker's.
fn reason(letter: &Letter) -> &str {
    let known = letter.reason().or_else(|| letter.delivery.message.get(header::DEATH));
    known.unwrap_or("dead_lettered")
}

/// By the letter's name, the message's id, or the job's.
pub(super) fn is(letter: &Letter, id: &str) -> bool {
    let of_job = |key: JobKey| key.id.as_str() == id || key.to_string() == id;
    let of_message = !id.is_empty() && letter.delivery.message.id == id;
    letter.name == id || of_message || letter.key().is_some_and(of_job)
}
