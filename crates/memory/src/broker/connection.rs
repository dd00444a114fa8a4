use async_trait::async_trait;
use job::{Lane, MAX_MESSAGE_BYTES, OverflowQueue};
use ports::{
    Broker, BrokerError, Deliveries, Destination, Message, PublishError, Source, Subscription,
};

use super::journal::Lines;
use super::queues::{BROKER_DEAD, DEAD, WEBHOOKS};
use super::taken::Taken;
use super::{MemoryBroker, Queues};

/// The connection of one process.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(super) broker: MemoryBroker,
    pub(super) number: u64,
}

impl Connection {
    /// Ends all its consumers and gives back everything that they held; it can be used again.
    pub fn cut(&self) {
        self.broker.queues().cut(self.number);
    }

    /// Puts a message into its lane, for as long as the lane keeps messages.
    fn wait_in(&self, queue: String, routing_key: &str, message: Message) {
        let mut queues = self.broker.queues();
        let rank = queues.put(&queue, routing_key, message);
        let Some(lifetime) = queues.lifetime else { return };
        let broker = self.broker.clone();
        tokio::spawn(async move {
            tokio::time::sleep(lifetime).await;
            broker.queues().grow_too_old(&queue, rank);
        });
    }

    /// Puts a message into its lane after a delay.
    fn later(
        &self,
        queue: String,
        routing_key: String,
        message: Message,
        wait: std::time::Duration,
    ) {
        let connection = self.clone();
        self.broker.queues().away += 1;
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            connection.broker.queues().away -= 1;
            connection.wait_in(queue, &routing_key, message);
        });
    }
}

#[async_trait]
impl Broker for Connection {
    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        let bytes = message.body.len();
        if matches!(to, Destination::Jobs { .. }) && bytes > MAX_MESSAGE_BYTES {
            return Err(PublishError::TooLarge { bytes, most: MAX_MESSAGE_BYTES });
        }
        let mut queues = self.broker.queues();
        match to {
            Destination::Jobs { routing_key } => {
                let queue = lane_of(routing_key)?;
                drop(queues);
                self.wait_in(queue, routing_key, message);
            }
            Destination::Later { delay, routing_key } => {
                let queue = lane_of(routing_key)?;
                drop(queues);
                self.later(queue, routing_key.clone(), message, delay.wait());
            }
            Destination::Overflow { queue, routing_key } => {
                queues.put(&queue_of_overflow(*queue), routing_key, message);
            }
            Destination::Dead { routing_key } => {
                queues.put(DEAD, routing_key, message);
            }
            Destination::Results { routing_key } => queues.fan_out(routing_key, &message),
            Destination::Webhooks { after: None } => {
                queues.put(WEBHOOKS, "", message);
            }
            Destination::Webhooks { after: Some(delay) } => {
                drop(queues);
                self.later(WEBHOOKS.to_owned(), String::new(), message, delay.wait());
            }
            Destination::Journal => queues.journal.append(message),
        }
        Ok(())
    }

    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError> {
        let broker = self.broker.clone();
        let mut queues = broker.queues();
        if let Source::Journal(start) = source {
            let number = queues.name();
            queues.journal.read(number, self.number, *start, prefetch);
            return Ok(Box::new(Lines { broker: self.broker.clone(), number }));
        }
        let queue = queue_of(&mut queues, source);
        let number = queues.add_consumer(self.number, &queue, prefetch);
        let private = matches!(source, Source::Results(Subscription { name: None, .. }));
        Ok(Box::new(Taken { broker: self.broker.clone(), number, private }))
    }

    async fn depth(&self, source: &Source) -> Result<u64, BrokerError> {
        let mut queues = self.broker.queues();
        let depth = match source {
            Source::Journal(_) => queues.journal.lines.len(),
            // An unnamed subscription would get a new queue, which is empty.
            Source::Results(Subscription { name: None, .. }) => 0,
            source => {
                let queue = queue_of(&mut queues, source);
                queues.ready(&queue)
            }
        };
        Ok(depth as u64)
    }

    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError> {
        let mut queues = self.broker.queues();
        let queue = queue_of(&mut queues, source);
        let consumers = queues.by_name.get(&queue).is_some_and(|queue| !queue.consumers.is_empty());
        Ok(consumers || queues.held.values().any(|held| held.queue == queue))
    }

    async fn check(&self) -> Result<(), BrokerError> {
        Ok(())
    }
}

/// The queue's name; the queue of a subscription is created on first use.
fn queue_of(queues: &mut Queues, source: &Source) -> String {
    let subscription = match source {
        Source::Lane(lane) => return queue_of_lane(*lane),
        Source::Overflow(queue) => return queue_of_overflow(*queue),
        Source::Dead | Source::Journal(_) => return DEAD.to_owned(),
        Source::BrokerDead => return BROKER_DEAD.to_owned(),
        Source::Webhooks => return WEBHOOKS.to_owned(),
        Source::Results(subscription) => subscription,
    };
    let name = match &subscription.name {
        Some(name) => format!("results.{name}"),
        None => format!("private.{}", queues.name()),
    };
    queues.by_name.entry(name.clone()).or_default().binding = Some(subscription.binding.clone());
    name
}

fn queue_of_lane(lane: Lane) -> String {
    format!("jobs.{}.{}", lane.resource, lane.priority)
}

fn queue_of_overflow(queue: OverflowQueue) -> String {
    format!("overflow.{queue}")
}

fn lane_of(routing_key: &str) -> Result<String, PublishError> {
    Lane::all()
        .find(|lane| ports::topic_matches(&lane.binding(), routing_key))
        .map(queue_of_lane)
        .ok_or_else(|| PublishError::Unroutable(routing_key.to_owned()))
}
