//! Tests the proxy itself: a fault without an effect would prove nothing.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use broker_rabbitmq::{RabbitBroker, Settings};
use job::{Lane, Priority, Resource};
use ports::{Broker, Destination, Message, Source};

use crate::harness::{Backend, Environment, LinkState, Proxy, soon, until};

const MOMENT: Duration = Duration::from_millis(300);
const LATE: Duration = Duration::from_millis(150);

/// A server that echoes what it receives.
async fn wired() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = caller.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    Proxy::to(address).await
}

/// The response, if one arrives within a moment; an error if the connection ends.
async fn ask(caller: &mut TcpStream) -> Option<std::io::Result<usize>> {
    let mut received = [0; 64];
    let asking = async {
        caller.write_all(b"are you there?").await?;
        let mut count = 0;
        while count < 14 {
            match caller.read(&mut received[count..]).await? {
                0 => return Ok(count),
                more => count += more,
            }
        }
        Ok(count)
    };
    timeout(MOMENT, asking).await.ok()
}

async fn open(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address).await.expect("a state")
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_late_and_sliced_wires_carry_everything() {
    let proxy = wired().await;
    let mut caller = open(&proxy).await;
    for state in [LinkState::Whole, LinkState::Sliced] {
        proxy.set(state);
        assert!(matches!(ask(&mut caller).await, Some(Ok(14))), "{state:?}");
    }
    proxy.set(LinkState::Late(LATE / 2));
    let asked = Instant::now();
    assert!(matches!(ask(&mut caller).await, Some(Ok(14))));
    assert!(asked.elapsed() >= LATE, "both ways are late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_wire_loses_nothing() {
    let proxy = wired().await;
    let mut caller = open(&proxy).await;
    proxy.set(LinkState::Stalled);
    assert!(ask(&mut caller).await.is_none(), "nothing passes");
    proxy.set(LinkState::Whole);
    let mut received = [0; 14];
    soon("what was stalled comes", caller.read_exact(&mut received)).await.expect("the answer");
    assert_eq!(&received, b"are you there?");
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_and_reset_wires_end_what_is_open_and_what_comes() {
    for state in [LinkState::Cut, LinkState::Reset] {
        let proxy = wired().await;
        let mut before = open(&proxy).await;
        assert!(matches!(ask(&mut before).await, Some(Ok(14))));
        proxy.set(state);
        // Nothing listens, or a reset arrives before the client knows that it is connected.
        let after = TcpStream::connect(proxy.address).await;
        for mut caller in std::iter::once(before).chain(after) {
            let told = ask(&mut caller).await;
            assert!(matches!(told, Some(Ok(0) | Err(_))), "{state:?}: {told:?}");
        }
        proxy.set(LinkState::Whole);
        until(&format!("{state:?} is mended"), async || {
            let Ok(mut caller) = TcpStream::connect(proxy.address).await else { return false };
            matches!(ask(&mut caller).await, Some(Ok(14)))
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_and_deaf_wires_leave_the_caller_waiting() {
    for state in [LinkState::HalfOpen, LinkState::Deaf] {
        let proxy = wired().await;
        proxy.set(state);
        let mut caller = open(&proxy).await;
        assert!(ask(&mut caller).await.is_none(), "{state:?} answers");
        proxy.set(LinkState::Whole);
        let told = ask(&mut caller).await;
        assert!(matches!(told, Some(Ok(0) | Err(_))), "{state:?} goes on: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_close_ends_one_half() {
    let proxy = wired().await;
    proxy.set(LinkState::SlowClose);
    let mut caller = open(&proxy).await;
    let mut received = [0; 1];
    assert_eq!(soon("the end", caller.read(&mut received)).await.expect("an end"), 0);
    assert!(caller.write_all(b"still here").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broker_delivers_again_is_counted() {
    let environment = Environment::on(Backend::Rabbitmq);
    let place = environment.amqp.rsplit_once('@').expect("a URL").1;
    let proxy = Proxy::to(place.parse().expect("an address")).await;
    let url = environment.amqp.replace(place, &proxy.address.to_string());
    let broker = RabbitBroker::connect(Settings::new(url, &environment.namespace)).await;
    let broker = broker.expect("RabbitMQ");
    let to = Destination::Jobs { routing_key: "videos.text2video.normal".to_owned() };
    broker.publish(&to, Message::json("one", "{}")).await.expect("published");

    let lane = Source::Lane(Lane { resource: Resource::Videos, priority: Priority::Normal });
    let mut deliveries = broker.consume(&lane, 1).await.expect("a consumer");
    let first = soon("it comes", deliveries.next()).await.expect("a delivery");
    first.requeue().await.expect("given back");
    let again = soon("it comes again", deliveries.next()).await.expect("a delivery");
    again.ack().await.expect("settled");
    until("both are counted", async || {
        (proxy.deliveries.all(), proxy.deliveries.again()) == (2, 1)
    })
    .await;
}
