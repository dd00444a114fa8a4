//! Where the tests find their broker, and how they leave it as they found it.
// Each test file uses a part of it.
#![allow(dead_code, unused_imports)]

pub(crate) mod node;
pub(crate) mod proxy;
mod raw;

use std::future::Future;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use broker_rabbitmq::{RabbitBroker, Settings};
use conformance::broker::Opened;
use job::{Lane, Priority, Resource};
use ports::{Broker, Deliveries, Delivery, Destination, Source};
use uuid::Uuid;

pub(crate) use raw::RawDoor;
use raw::clear;

pub(crate) const VIDEO_KEY: &str = "videos.text2video.normal";
const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn url() -> String {
    std::env::var("REELWORK_TEST_AMQP_URL")
        .unwrap_or_else(|_| "amqp://guest:guest@127.0.0.1:5672".to_owned())
}

pub(crate) fn address() -> SocketAddr {
    let url = url::Url::parse(&url()).expect("a URL");
    let host = url.host_str().expect("a host").to_owned();
    let mut found = (host, url.port().unwrap_or(5672)).to_socket_addrs().expect("an address");
    found.next().expect("an address")
}

/// Settings under a namespace of their own.
pub(crate) fn settings() -> Settings {
    let namespace = format!("test-{}", Uuid::new_v4().simple());
    Settings::new(url(), namespace)
}

/// A namespace of the test's own. Dropped, everything in it is deleted: also by a failed test.
pub(crate) struct Ground(Settings);

impl Ground {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(settings)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let settings = self.0.clone();
        let clearing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(clear(&settings));
        });
        let _ = clearing.join();
    }
}

pub(crate) struct Scratch {
    pub(crate) broker: RabbitBroker,
    pub(crate) settings: Settings,
    _ground: Ground,
}

/// A broker under a namespace of its own.
pub(crate) async fn open() -> Scratch {
    open_with(settings()).await
}

pub(crate) async fn open_with(settings: Settings) -> Scratch {
    let ground = Ground::new(settings.clone());
    let broker = RabbitBroker::connect(settings.clone()).await.expect("the test broker");
    Scratch { broker, settings, _ground: ground }
}

#[async_trait]
impl Opened for Scratch {
    fn door(&self) -> Arc<dyn Broker> {
        Arc::new(self.broker.clone())
    }

    async fn close(self) {
        self.broker.close().await;
    }
}

pub(crate) fn videos() -> Source {
    Source::Lane(Lane { resource: Resource::Videos, priority: Priority::Normal })
}

pub(crate) fn jobs(routing_key: &str) -> Destination {
    Destination::Jobs { routing_key: routing_key.to_owned() }
}

pub(crate) async fn soon<T>(waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, waiting).await.expect("nothing happened within the deadline")
}

pub(crate) async fn take(deliveries: &mut Box<dyn Deliveries>) -> Delivery {
    soon(deliveries.next()).await.expect("the consumer ended")
}

/// Looks every 50 ms until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if is_so() {
                return;
            }
        }
    };
    assert!(
        tokio::time::timeout(DEADLINE, waiting).await.is_ok(),
        "not within {DEADLINE:?}: {what}"
    );
}

pub(crate) async fn until_ok<T, E, F: Future<Output = Result<T, E>>>(
    mut attempt: impl FnMut() -> F,
) {
    soon(async {
        while attempt().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
