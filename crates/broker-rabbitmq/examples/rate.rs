//! How fast jobs are published, and published and taken together:
//! `cargo run -p broker-rabbitmq --release --example rate -- [tasks] [messages] [bytes]`
//!
//! Uses the namespace `rate` on REELWORK_TEST_AMQP_URL and empties its lane of low videos.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use broker_rabbitmq::{RabbitBroker, Settings};
use job::{Lane, Priority, Resource};
use ports::{Broker, Destination, Message, Source};
use tokio::task::JoinSet;

const LANE: Lane = Lane { resource: Resource::Videos, priority: Priority::Low };

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<u64>());
    let tasks = numbers.next().transpose()?.unwrap_or(256);
    let messages = numbers.next().transpose()?.unwrap_or(100_000);
    let bytes = numbers.next().transpose()?.unwrap_or(1024) as usize;
    let url = std::env::var("REELWORK_TEST_AMQP_URL")
        .unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672".to_owned());
    let broker = RabbitBroker::connect(Settings::new(url, "rate")).await?;

    let since = Instant::now();
    let mut publishing = publish(&broker, tasks, messages, bytes);
    while let Some(published) = publishing.join_next().await {
        published??;
    }
    tell("published", messages, since)?;

    let since = Instant::now();
    take(&broker, messages).await?;
    tell("taken", messages, since)?;

    let since = Instant::now();
    let mut publishing = publish(&broker, tasks, messages, bytes);
    take(&broker, messages).await?;
    while let Some(published) = publishing.join_next().await {
        published??;
    }
    tell("published and taken", messages, since)?;
    broker.close().await;
    Ok(())
}

fn publish(
    broker: &RabbitBroker,
    tasks: u64,
    messages: u64,
    bytes: usize,
) -> JoinSet<Result<(), ports::PublishError>> {
    let left = Arc::new(AtomicU64::new(messages));
    let to = Destination::Jobs { routing_key: "videos.text2video.low".to_owned() };
    let mut publishing = JoinSet::new();
    for _ in 0..tasks {
        let (broker, left, to) = (broker.clone(), left.clone(), to.clone());
        publishing.spawn(async move {
            let one_less = |left: u64| left.checked_sub(1);
            let body = vec![b'x'; bytes];
            while let Ok(number) = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            {
                let message = Message::json(number.to_string(), body.clone());
                broker.publish(&to, message).await?;
            }
            Ok(())
        });
    }
    publishing
}

async fn take(broker: &RabbitBroker, messages: u64) -> Result<(), Box<dyn Error>> {
    let mut deliveries = broker.consume(&Source::Lane(LANE), 512).await?;
    let mut acks = JoinSet::new();
    for _ in 0..messages {
        let delivery = deliveries.next().await.ok_or("the consumer ended")?;
        acks.spawn(delivery.ack());
        while let Some(acked) = acks.try_join_next() {
            acked??;
        }
    }
    while let Some(acked) = acks.join_next().await {
        acked??;
    }
    Ok(())
}

fn tell(what: &str, messages: u64, since: Instant) -> std::io::Result<()> {
    let rate = messages as f64 / since.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{what}: {rate:.0}/s")
}
