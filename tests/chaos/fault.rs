//! The faults: how each begins and how it ends.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::LinkState;
use crate::installation::Installation;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    Amqp,
    Redis,
    Http,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No fault, to see the effect of the measurement itself.
    Nothing,
    LinkState(Link, LinkState),
    /// SIGKILL, and started again at the end.
    BrokerKilled,
    /// Publishers are blocked.
    MemoryAlarm,
    JobsExchangeDeleted,
    /// While it is empty: deleting a queue also deletes its messages.
    LaneDeleted,
    /// It has room for one message, and no worker consumes it.
    LaneFull,
    /// By the broker, as for maintenance: at the beginning, and once more at the end.
    ConnectionsClosed,
    /// SIGKILL with the append-only file, and started again at the end.
    RedisKilled,
    /// A replica of a master that does not exist.
    RedisReadOnly,
    RedisFull,
    ProviderBusy,
    ProviderBroken,
    ProviderSlow,
    WorkerKilled,
    PollerKilled,
}

const LATE: Duration = Duration::from_millis(200);

/// Every fault of a connection on every link, then the faults of the servers themselves.
pub(crate) fn table() -> Vec<Fault> {
    let wires = [
        LinkState::Late(LATE),
        LinkState::Cut,
        LinkState::Reset,
        LinkState::HalfOpen,
        LinkState::Deaf,
        LinkState::SlowClose,
        LinkState::Sliced,
        LinkState::Stalled,
    ];
    let mut table = vec![Fault::Nothing];
    for link in [Link::Amqp, Link::Redis, Link::Http] {
        table.extend(wires.map(|state| Fault::LinkState(link, state)));
    }
    table.extend([
        Fault::BrokerKilled,
        Fault::MemoryAlarm,
        Fault::JobsExchangeDeleted,
        Fault::LaneDeleted,
        Fault::LaneFull,
        Fault::ConnectionsClosed,
        Fault::RedisKilled,
        Fault::RedisReadOnly,
        Fault::RedisFull,
        Fault::ProviderBusy,
        Fault::ProviderBroken,
        Fault::ProviderSlow,
        Fault::WorkerKilled,
        Fault::PollerKilled,
    ]);
    table
}

impl Fault {
    /// Of a server or a role: what differs between versions of servers.
    pub(crate) fn is_of_a_process(self) -> bool {
        match self {
            Self::Nothing
            | Self::LinkState(..)
            | Self::ProviderBusy
            | Self::ProviderBroken
            | Self::ProviderSlow => false,
            Self::BrokerKilled
            | Self::MemoryAlarm
            | Self::JobsExchangeDeleted
            | Self::LaneDeleted
            | Self::LaneFull
            | Self::ConnectionsClosed
            | Self::RedisKilled
            | Self::RedisReadOnly
            | Self::RedisFull
            | Self::WorkerKilled
            | Self::PollerKilled => true,
        }
    }

    pub(crate) async fn begin(self, at: &mut Installation) {
        match self {
            Self::Nothing => {}
            Self::LinkState(link, state) => at.proxy(link).set(state),
            Self::BrokerKilled => at.rabbit.kill(),
            Self::MemoryAlarm => at.rabbit.memory(0.0001).await,
            Self::JobsExchangeDeleted => at.delete_jobs_exchange().await,
            Self::LaneDeleted => at.delete_lane().await,
            Self::LaneFull => at.fill_lane().await,
            Self::ConnectionsClosed => at.rabbit.close_connections().await,
            Self::RedisKilled => at.redis.kill(),
            Self::RedisReadOnly => at.redis.tell("REPLICAOF 127.0.0.1 1"),
            Self::RedisFull => at.redis.tell("CONFIG SET maxmemory 1mb"),
            Self::ProviderBusy => at.provider_does(json!([{"kind": "busy"}])).await,
            Self::ProviderBroken => at.provider_does(broken()).await,
            Self::ProviderSlow => at.provider_does(slow()).await,
            Self::WorkerKilled => at.worker.kill().await,
            Self::PollerKilled => at.poller.kill().await,
        }
    }

    pub(crate) async fn end(self, at: &mut Installation) {
        match self {
            Self::Nothing => {}
            Self::LinkState(link, _) => at.proxy(link).set(LinkState::Whole),
            Self::BrokerKilled => at.rabbit.restart().await,
            Self::MemoryAlarm => at.rabbit.memory(0.6).await,
            Self::JobsExchangeDeleted | Self::LaneDeleted => at.apply_topology().await,
            Self::LaneFull => at.make_room().await,
            Self::ConnectionsClosed => at.rabbit.close_connections().await,
            Self::RedisKilled => at.redis.restart().await,
            Self::RedisReadOnly => at.redis.tell("REPLICAOF NO ONE"),
            Self::RedisFull => at.redis.tell("CONFIG SET maxmemory 0"),
            Self::ProviderBusy | Self::ProviderBroken | Self::ProviderSlow => {
                at.provider_does(json!([])).await;
            }
            Self::WorkerKilled => at.restart_worker().await,
            Self::PollerKilled => at.restart_poller().await,
        }
    }
}

/// With half of these responses, a task was created.
fn broken() -> Value {
    json!([
        {"kind": "error_500_created", "rate": 0.5},
        {"kind": "error_500_not_created"},
        {"kind": "query_error_500"},
    ])
}

fn slow() -> Value {
    json!([{"kind": "delay_ms", "value": 3_000}, {"kind": "query_delay_ms", "value": 3_000}])
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Amqp => "AMQP",
            Self::Redis => "Redis",
            Self::Http => "provider",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Nothing => "nothing",
            Self::LinkState(link, state) => {
                let word = match state {
                    LinkState::Whole => "whole",
                    LinkState::Late(_) => "200 ms late each way",
                    LinkState::Cut => "cut",
                    LinkState::Reset => "reset",
                    LinkState::HalfOpen => "half-open",
                    LinkState::Deaf => "one-way loss",
                    LinkState::SlowClose => "slow close",
                    LinkState::Sliced => "1 to 7 bytes at a time",
                    LinkState::Stalled => "stalled",
                };
                return write!(f, "{link}: {word}");
            }
            Self::BrokerKilled => "RabbitMQ: SIGKILL, restart",
            Self::MemoryAlarm => "RabbitMQ: memory alarm",
            Self::JobsExchangeDeleted => "RabbitMQ: exchange deleted",
            Self::LaneDeleted => "RabbitMQ: lane queue deleted",
            Self::LaneFull => "RabbitMQ: lane queue full",
            Self::ConnectionsClosed => "RabbitMQ: connections closed",
            Self::RedisKilled => "Redis: SIGKILL, restart",
            Self::RedisReadOnly => "Redis: read-only replica",
            Self::RedisFull => "Redis: out of memory",
            Self::ProviderBusy => "provider: 429 to every POST",
            Self::ProviderBroken => "provider: 500 to everything",
            Self::ProviderSlow => "provider: answers 3 s late",
            Self::WorkerKilled => "worker: SIGKILL, restart",
            Self::PollerKilled => "poller: SIGKILL, restart",
        };
        f.write_str(words)
    }
}
