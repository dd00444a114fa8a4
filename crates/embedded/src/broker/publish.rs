use std::time::Duration;

use job::MAX_MESSAGE_BYTES;
use ports::{Destination, Message, PublishError};

use super::{Queues, journal, later, message, queues};
use crate::error::Error;
use crate::packed::Packed;
use crate::store::Store;
use crate::writer::Tx;

/// The queue of a message, chosen before the transaction.
enum Route {
    Queue(i64, String),
    Later(i64, String, Duration),
    Results(String),
    Journal,
}

pub(crate) async fn publish(
    store: &Store,
    to: &Destination,
    message: Message,
) -> Result<(), PublishError> {
    let bytes = message.body.len();
    // Only a producer can react to it: messages of our own must be accepted.
    let capped = matches!(to, Destination::Jobs { .. });
    if capped && bytes > MAX_MESSAGE_BYTES {
        let most = MAX_MESSAGE_BYTES;
        return Err(PublishError::TooLarge { bytes, most });
    }
    let route = route(&store.queues, to)?;
    let packed = Packed::of(message);
    let (ns, unrouted) = (store.ns, store.queues.unrouted);
    let done = store.write(move |tx| Ok(route.take(tx, ns, unrouted, &packed)?)).await;
    done.map_err(|error: Error<PublishError>| error.into())
}

fn route(queues: &Queues, to: &Destination) -> Result<Route, PublishError> {
    let lane =
        |key: &str| queues.bound_to(key).ok_or_else(|| PublishError::Unroutable(key.to_owned()));
    Ok(match to {
        Destination::Jobs { routing_key: key } => Route::Queue(lane(key)?, key.clone()),
        Destination::Later { delay, routing_key: key } => {
            Route::Later(lane(key)?, key.clone(), delay.wait())
        }
        Destination::Overflow { queue, routing_key: key } => {
            let unknown = || PublishError::Unroutable(format!("overflow.{queue}"));
            Route::Queue(queues.of_overflow(*queue).ok_or_else(unknown)?, key.clone())
        }
        Destination::Dead { routing_key: key } => Route::Queue(queues.dead, key.clone()),
        Destination::Results { routing_key: key } => Route::Results(key.clone()),
        Destination::Webhooks { after: None } => Route::Queue(queues.webhooks, String::new()),
        Destination::Webhooks { after: Some(delay) } => {
            Route::Later(queues.webhooks, String::new(), delay.wait())
        }
        Destination::Journal => Route::Journal,
    })
}

impl Route {
    fn take(
        &self,
        tx: &mut Tx<'_>,
        ns: i64,
        unrouted: i64,
        packed: &Packed,
    ) -> rusqlite::Result<()> {
        match self {
            Self::Queue(queue, key) => enqueue(tx, *queue, key, packed),
            Self::Later(queue, key, wait) => later::put(tx, *queue, key, *wait, packed),
            Self::Results(key) => announce(tx, ns, unrouted, key, packed),
            Self::Journal => journal::append(tx, ns, packed),
        }
    }
}

/// One copy for every subscription, or one in the unrouted queue.
fn announce(
    tx: &mut Tx<'_>,
    ns: i64,
    unrouted: i64,
    key: &str,
    packed: &Packed,
) -> rusqlite::Result<()> {
    let subscribed = queues::subscribed(tx.sql, ns, key)?;
    if subscribed.is_empty() {
        return enqueue(tx, unrouted, key, packed);
    }
    for queue in subscribed {
        enqueue(tx, queue, key, packed)?;
    }
    Ok(())
}

fn enqueue(tx: &mut Tx<'_>, queue: i64, key: &str, packed: &Packed) -> rusqlite::Result<()> {
    let message = message::insert(tx.sql, key, packed)?;
    tx.sql
        .prepare_cached(
            "INSERT INTO ready (queue, rank, message, deliveries) VALUES (?1, ?2, ?2, 0)",
        )?
        .execute([queue, message])?;
    tx.touched.queues.insert(queue);
    Ok(())
}
