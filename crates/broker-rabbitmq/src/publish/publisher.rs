use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lapin::Confirmation;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use ports::PublishError;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::Order;
use super::outstanding::Outstanding;
use super::parcel::{Label, Parcel};
use super::returns::{Confirm, Returns};
use crate::channel::Channel;
use crate::connection::BrokerConnection;
use crate::link::{LinkView, pause};

/// Unconfirmed messages on one channel; with more, orders wait.
const WINDOW: usize = 512;
/// Messages given to lapin at once before confirms are read again.
const BATCH: usize = 64;
/// Publishes whose callers have given up still wait for their confirm. With this many, a queue
/// never confirms, and a new channel is opened.
const ABANDONED: usize = 4096;
/// How often the channel is checked, besides its events.
const LOOK: Duration = Duration::from_millis(200);
/// A channel that ends sooner does not reset the delay.
const STEADY: Duration = Duration::from_secs(5);

type Answering = tokio::sync::oneshot::Sender<Result<(), PublishError>>;

/// Publishes all orders, on one channel at a time, until the senders are dropped.
pub(crate) async fn publish_all(line: LinkView, mut orders: mpsc::Receiver<Order>) {
    let mut tries = 0;
    while !orders.is_closed() || !orders.is_empty() {
        let Some(connection) = next(&line, &orders).await else { return };
        let since = Instant::now();
        match confirming(&connection).await {
            Ok(channel) => serve(&connection, Arc::new(channel), &mut orders).await,
            Err(error) => tracing::debug!(%error, "no channel to publish on"),
        }
        tries = if since.elapsed() > STEADY { 0 } else { tries + 1 };
        tokio::time::sleep(pause(tries, rand::random())).await;
    }
}

/// The next connection; `None` when none is needed any more.
async fn next(line: &LinkView, orders: &mpsc::Receiver<Order>) -> Option<Arc<BrokerConnection>> {
    loop {
        tokio::select! {
            connection = line.next() => return connection,
            () = tokio::time::sleep(LOOK) => if orders.is_closed() { return None },
        }
    }
}

async fn confirming(connection: &BrokerConnection) -> lapin::Result<Channel> {
    let channel = connection.channel().await?;
    channel.ask(channel.confirm_select(ConfirmSelectOptions::default())).await?;
    Ok(channel)
}

/// Publishes until the channel ends or no caller is left.
async fn serve(
    connection: &BrokerConnection,
    channel: Arc<Channel>,
    orders: &mut mpsc::Receiver<Order>,
) {
    let mut flight = Flight::new(channel);
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(BATCH);
    while flight.is_up() {
        tokio::select! {
            () = flight.land() => {}
            taken = orders.recv_many(&mut batch, BATCH), if flight.has_room(connection) => {
                if taken == 0 {
                    break;
                }
                batch.drain(..).for_each(|order| flight.send(order));
            }
            _ = looks.tick() => flight.count_abandoned(),
        }
    }
    flight.end();
}

/// The unconfirmed publishes of one channel. Only this task publishes on it: lapin numbers a
/// publish before it queues it, so two tasks could get each other's confirm.
struct Flight {
    channel: Arc<Channel>,
    outstanding: Outstanding<Confirming, (Label, Answering)>,
    returns: Returns<Answering>,
    abandoned: usize,
}

type Confirming = std::pin::Pin<Box<dyn Future<Output = lapin::Result<Confirmation>> + Send>>;

impl Flight {
    fn new(channel: Arc<Channel>) -> Self {
        Self { channel, outstanding: Outstanding::new(), returns: Returns::new(), abandoned: 0 }
    }

    fn is_up(&self) -> bool {
        self.channel.status().connected() && self.abandoned < ABANDONED
    }

    fn has_room(&self, connection: &BrokerConnection) -> bool {
        !connection.is_blocked() && self.outstanding.len() < WINDOW + self.abandoned
    }

    fn send(&mut self, order: Order) {
        let Order { parcel, answer } = order;
        // In this order: a caller that gives up and finds it not set knows that it is never sent.
        parcel.handed.store(true, Ordering::SeqCst);
        if answer.is_closed() {
            return;
        }
        let label = parcel.label();
        let confirming = Box::pin(publish(self.channel.clone(), parcel));
        self.outstanding.push(confirming, (label, answer));
        // Polled at once: only then is it sent.
        self.settle_ready();
    }

    /// Waits for confirms and passes them on.
    async fn land(&mut self) {
        if self.outstanding.len() == 0 {
            return std::future::pending().await;
        }
        let done = self.outstanding.drain().await;
        self.settle(done);
    }

    fn settle_ready(&mut self) {
        let done = self.outstanding.ready();
        if !done.is_empty() {
            self.settle(done);
        }
    }

    fn settle(&mut self, done: Vec<((Label, Answering), lapin::Result<Confirmation>)>) {
        let completed = done
            .into_iter()
            .map(|((label, answer), result)| (answer, label, Confirm::read(result)))
            .collect();
        let (newest, oldest) = (self.outstanding.newest(), self.outstanding.oldest());
        for (answer, verdict) in self.returns.decide(completed, newest, oldest) {
            // A caller that has given up needs no answer.
            let _ = answer.send(verdict);
        }
    }

    fn count_abandoned(&mut self) {
        let abandoned = self.outstanding.tags().filter(|(_, answer)| answer.is_closed());
        self.abandoned = abandoned.count();
    }

    /// The channel has ended: the result of unconfirmed publishes is unknown.
    fn end(mut self) {
        self.settle_ready();
        let unsettled = self.outstanding.into_tags().map(|(_, answer)| answer);
        for answer in unsettled.chain(self.returns.into_tags()) {
            let lost = "the channel was lost before the confirm".to_owned();
            let _ = answer.send(Err(PublishError::Unknown(lost)));
        }
    }
}

async fn publish(channel: Arc<Channel>, parcel: Parcel) -> lapin::Result<Confirmation> {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let Parcel { exchange, routing_key, properties, body, .. } = parcel;
    let sending = channel.basic_publish(exchange, routing_key, options, &body, properties);
    sending.await?.await
}
