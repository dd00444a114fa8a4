//! Names of the file's queues in traces.

use ports::Destination;
use spans::Place;

pub(super) fn place<'a>(exchange: &'a str, routing_key: &'a str, queue: &'a str) -> Place<'a> {
    Place { system: "reelwork_embedded", exchange, routing_key, queue }
}

pub(super) fn of(to: &Destination) -> Place<'_> {
    match to {
        Destination::Jobs { routing_key } => place("jobs", routing_key, ""),
        Destination::Later { routing_key, .. } => place("later", routing_key, ""),
        Destination::Overflow { routing_key, .. } => place("overflow", routing_key, ""),
        Destination::Dead { routing_key } => place("dead", routing_key, ""),
        Destination::Results { routing_key } => place("results", routing_key, ""),
        Destination::Webhooks { .. } => place("webhooks", "", ""),
        Destination::Journal => place("", "journal", ""),
    }
}
