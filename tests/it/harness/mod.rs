//! The harness of the tests: environments, processes, clients and waiting.

mod deliveries;
mod environment;
mod full_queue;
mod node;
mod own_redis;
mod process;
mod program;
mod provider;
mod proxy;
mod python;
mod requests;
mod roles;
mod scraped;
mod wait;

mod collector;
mod consumer;

use std::io::Write;

pub(crate) use collector::{Collector, Span, drawing};
pub(crate) use consumer::{Consumer, Received};
pub(crate) use deliveries::Deliveries;
pub(crate) use environment::{Backend, Environment, amqp_url, redis_url};
pub(crate) use full_queue::FullQueue;
pub(crate) use node::Node;
pub(crate) use own_redis::OwnRedis;
pub(crate) use process::Process;
pub(crate) use program::{Done, Program};
pub(crate) use provider::Provider;
pub(crate) use proxy::{LinkState, Proxy};
pub(crate) use python::Python;
pub(crate) use requests::{Wish, lines, mixed};
pub(crate) use roles::Setup;
pub(crate) use scraped::Scraped;
pub(crate) use servers::free_port;
pub(crate) use wait::{soon, until, until_within};

/// Prints figures of a run; the test runner shows them on demand or after a failure.
pub(crate) fn say(words: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{}", words.as_ref());
}

/// The same test on RabbitMQ with Redis and on the SQLite file.
macro_rules! on_each_backend {
    ($($name:ident),+ $(,)?) => {
        mod on_rabbitmq {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(crate::harness::Environment::on(crate::harness::Backend::Rabbitmq)).await;
                }
            )+
        }
        mod on_embedded {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(crate::harness::Environment::on(crate::harness::Backend::Embedded)).await;
                }
            )+
        }
    };
}
