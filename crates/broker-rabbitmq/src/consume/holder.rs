use std::sync::Arc;
use std::time::Duration;

use ports::{Delivery, Handling, Message, Settle};
use spans::Spans;
use tokio::runtime::Handle;

use super::ticket::Ticket;
use super::{Intake, Kind};
use crate::content::structured;
use crate::names::{lane_key, place};
use crate::properties::decode;

/// Turns messages from a channel into deliveries.
pub(super) struct Holder {
    pub(super) intake: Arc<Intake>,
    pub(super) timeout: Duration,
    pub(super) spans: Spans,
    pub(super) runtime: Handle,
}

impl Holder {
    pub(super) fn delivery(self, kind: &Kind, taken: lapin::message::Delivery) -> Delivery {
        let arrived = decode(&taken.properties, taken.data, *kind == Kind::DeadLetters);
        let message = match kind {
            Kind::Events => structured(arrived.message),
            Kind::Jobs { .. }
            | Kind::Overflow { .. }
            | Kind::DeadLetters
            | Kind::Webhooks
            | Kind::Log => arrived.message,
        };
        let routing_key = match kind {
            // The broker may have dead-lettered it from an overflow queue.
            Kind::Overflow { .. } | Kind::DeadLetters => {
                lane_key(taken.routing_key.as_str()).to_owned()
            }
            Kind::Jobs { .. } | Kind::Events | Kind::Webhooks | Kind::Log => {
                taken.routing_key.to_string()
            }
        };
        let delivery_count = self.intake.counting.deliveries(taken.redelivered, arrived.counts);
        let spans = self.spans;
        let ticket = self.ticket(taken.delivery_tag, *kind == Kind::Log);
        let (handling, settle) = handling(spans, kind, &routing_key, &message, Box::new(ticket));
        Delivery {
            handling,
            message,
            routing_key,
            redelivered: taken.redelivered,
            delivery_count,
            offset: arrived.offset,
            settle,
        }
    }

    fn ticket(self, number: u64, is_log: bool) -> Ticket {
        let Self { intake, timeout, runtime, .. } = self;
        Ticket { intake, number, is_log, timeout, runtime, settled: false }
    }
}

fn handling(
    spans: Spans,
    kind: &Kind,
    routing_key: &str,
    message: &Message,
    settle: Box<dyn Settle>,
) -> (Handling, Box<dyn Settle>) {
    match kind {
        Kind::Jobs { exchange, queue } | Kind::Overflow { exchange, queue } => {
            place(exchange, routing_key, queue).handling(spans, message, settle)
        }
        Kind::Events | Kind::DeadLetters | Kind::Webhooks | Kind::Log => {
            (Handling::untold(), settle)
        }
    }
}
