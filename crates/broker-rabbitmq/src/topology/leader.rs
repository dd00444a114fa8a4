//! On which node a new queue gets its leader. By default RabbitMQ takes the node of the connection
//! that declares the queue, so the leaders of all queues would be on one node.

use super::{Arguments, Queue};

const LOCATOR: &str = "x-queue-leader-locator";

/// The node that leads the fewest queues.
pub(super) fn spread(arguments: Arguments) -> Arguments {
    arguments.text(LOCATOR, "balanced")
}

/// The queue as it was declared before it asked for a leader. RabbitMQ compares this argument like
/// any other, although it has no effect on a queue that exists.
pub(super) fn without(queue: &Queue) -> Option<Queue> {
    queue.arguments.get(LOCATOR)?;
    let arguments = queue.arguments.clone().without(LOCATOR);
    Some(Queue { arguments, ..queue.clone() })
}

/// Whether the broker refused a declaration because of this argument.
pub(super) fn is_cause(refusal: &str) -> bool {
    refusal.contains("inequivalent arg 'x-queue-leader-locator'")
}
