//! What is shown of a dead letter.

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
        "operation": letter.operation().map(|operation| operation.to_string()),
        "reason": letter.reason(),
        "detail": message.get(header::DETAIL),
        "routing_key": letter.routing_key(),
        "dead_at": letter.dead_at().map(|at| at.to_string()),
        "bytes": message.body.len(),
    })
}

pub(super) fn words(row: &Value) -> String {
    let word = |name: &str| row[name].as_str().filter(|text| !text.is_empty()).unwrap_or("-");
    let id = [word("job_id"), word("id")].into_iter().find(|id| *id != "-").unwrap_or("-");
    format!("{}  {id}  {}  {}", word("letter"), word("reason"), word("detail"))
}
