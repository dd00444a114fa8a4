//! Policies that can lose jobs. For dead letters and overflow, the arguments of a queue win over a
//! policy; of two limits, the lower one applies.

use std::fmt;

use serde_json::Value;

use super::{Queue, Topology, management};
use crate::Settings;

/// A job that is put back is delivered again each time; an outage can use up a lower limit.
const LEAST_DELIVERIES: i64 = 100;

/// A policy that can lose messages of our queues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    pub queue: String,
    pub policy: String,
    /// As RabbitMQ names it, such as `message-ttl`.
    pub key: String,
    pub value: String,
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { queue, policy, key, value } = self;
        write!(f, "policy {policy} sets {key} {value} on queue {queue}: messages can be lost")
    }
}

impl Topology {
    /// `None` if policies cannot be read: without the management plugin, without permission to use
    /// it, or over TLS.
    pub async fn risks(&self, settings: &Settings) -> Option<Vec<Risk>> {
        let nodes = settings.nodes().ok()?;
        let told = management::queues(&nodes, settings.management_port).await?;
        Some(risks(&self.queues, told.as_array()?))
    }
}

fn risks(ours: &[Queue], told: &[Value]) -> Vec<Risk> {
    let mut risks = Vec::new();
    for queue in ours {
        let Some(entry) = told.iter().find(|entry| entry["name"] == queue.name) else { continue };
        let Some(definition) = entry["effective_policy_definition"].as_object() else { continue };
        let named = [&entry["policy"], &entry["operator_policy"]].into_iter();
        let policy = named.filter_map(Value::as_str).filter(|name| !name.is_empty());
        let policy = policy.collect::<Vec<_>>().join(" and ");
        for (key, value) in definition.iter().filter(|(key, value)| loses(queue, key, value)) {
            risks.push(Risk {
                queue: queue.name.clone(),
                policy: policy.clone(),
                key: key.clone(),
                value: value.to_string(),
            });
        }
    }
    risks
}

fn loses(queue: &Queue, key: &str, value: &Value) -> bool {
    let has = |argument: &str| queue.arguments.get(argument).is_some();
    match key {
        "expires" | "max-age" => true,
        // A shorter TTL in a delay queue loses nothing.
        "message-ttl" => !has("x-message-ttl"),
        "max-length" | "max-length-bytes" => !has("x-overflow"),
        "dead-letter-routing-key" => has("x-dead-letter-exchange"),
        "delivery-limit" => value.as_i64().is_some_and(|limit| limit < LEAST_DELIVERIES),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn found(queue: &str, definition: Value) -> Vec<String> {
        let topology = Topology::of("ns", 5000, Duration::from_secs(86_400));
        let told = [
            json!({"name": "other.jobs", "policy": "p", "effective_policy_definition": {"expires": 1}}),
            json!({"name": queue, "policy": "p", "operator_policy": "",
                "effective_policy_definition": definition}),
        ];
        risks(&topology.queues, &told).into_iter().map(|risk| risk.key).collect()
    }

    #[test]
    fn what_can_lose_a_message_is_a_risk_and_the_rest_is_not() {
        let lane = "ns.jobs.videos.normal";
        for (queue, definition, expected) in [
            (lane, json!({"message-ttl": 5000}), vec!["message-ttl"]),
            (lane, json!({"expires": 5000}), vec!["expires"]),
            (lane, json!({"delivery-limit": 3}), vec!["delivery-limit"]),
            (lane, json!({"delivery-limit": 500}), vec![]),
            (lane, json!({"max-length": 1, "overflow": "drop-head"}), vec![]),
            (lane, json!({"dead-letter-exchange": "x"}), vec![]),
            (lane, json!({"dead-letter-routing-key": "x"}), vec!["dead-letter-routing-key"]),
            ("ns.later.1s", json!({"message-ttl": 5}), vec![]),
            ("ns.dead", json!({"max-length": 10}), vec!["max-length"]),
            ("ns.dead", json!({"dead-letter-routing-key": "x"}), vec![]),
            ("ns.journal", json!({"max-age": "1h"}), vec!["max-age"]),
            ("ns.journal", json!({"queue-leader-locator": "balanced"}), vec![]),
            ("ns.journal", json!([]), vec![]),
        ] {
            assert_eq!(found(queue, definition.clone()), expected, "{queue} {definition}");
        }
    }
}
