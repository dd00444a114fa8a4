use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::{Broker, BrokerError, Deliveries, Destination, Message, PublishError, Source};

use crate::access::Access;
use crate::channel::Unanswered;
use crate::connection::BrokerConnection;
use crate::consume::{consume, depth, is_read};
use crate::link::{Dialer, Link};
use crate::names::{Names, place};
use crate::publish::{Parcel, Publishing, address};
use crate::topology::{inspect, look, verdict};
use crate::{Settings, Topology};

/// How long a caller waits for a connection that is being restored.
const PATIENCE: Duration = Duration::from_secs(5);

/// Names with a longer namespace could exceed AMQP's limit of 255 bytes.
const MOST_NAMESPACE_BYTES: usize = 100;

/// The broker port on RabbitMQ. Clones share two connections: with a memory alarm RabbitMQ stops
/// reading from connections that publish, and acknowledgements must still get through.
#[derive(Clone)]
pub struct RabbitBroker {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    names: Names,
    topology: Topology,
    publishing: Publishing,
    outbound: Link,
    inbound: Link,
    unanswered: Unanswered,
}

impl RabbitBroker {
    /// Connects to one of the nodes, and declares or checks the topology. Returns `Unavailable` after
    /// 10 s. Later, lost connections are restored without a time limit, at any node.
    pub async fn connect(settings: Settings) -> Result<Self, BrokerError> {
        check_namespace(&settings.namespace)?;
        let access = Access::of(&settings)?;
        let topology = settings.topology();
        let unanswered = access.unanswered();
        let dialer = |role, topology| dialer(&access, &settings, role, topology);
        let outbound = dialer("publishing", Some(&topology));
        let inbound = dialer("consuming", None);
        // Boxed: callers hold this future inside their own.
        let (outgoing, incoming) =
            tokio::try_join!(Box::pin(outbound.dial()), Box::pin(inbound.dial()))?;
        if !settings.manage_topology {
            verdict(inspect(&outgoing, &topology).await?)?;
        }
        let outbound = Link::keep(outgoing, outbound);
        let inner = Inner {
            names: Names::new(&settings.namespace),
            topology,
            publishing: Publishing::start(
                outbound.watch(),
                settings.publish_timeout,
                unanswered.clone(),
            ),
            unanswered,
            outbound,
            inbound: Link::keep(incoming, inbound),
            settings,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    async fn inbound(&self) -> Result<Arc<BrokerConnection>, BrokerError> {
        self.inner.inbound.watch().up(PATIENCE).await
    }
}

#[async_trait]
impl Broker for RabbitBroker {
    async fn publish(&self, to: &Destination, message: Message) -> Result<(), PublishError> {
        let Inner { settings, names, publishing, .. } = &*self.inner;
        let message = match to {
            Destination::Results { .. } => settings.content.of_event(message),
            _ => message,
        };
        let address = address(names, to);
        let publish = async |message| {
            let parcel = Parcel::pack(to, &address, message, settings.max_message_bytes)?;
            publishing.publish(parcel).await
        };
        let place = place(&address.0, &address.1, "");
        place.publish(settings.spans, to, message, publish).await
    }

    async fn consume(
        &self,
        source: &Source,
        prefetch: u16,
    ) -> Result<Box<dyn Deliveries>, BrokerError> {
        let Inner { settings, names, .. } = &*self.inner;
        let connection = self.inbound().await?;
        consume(connection, names, source, prefetch, settings).await
    }

    async fn depth(&self, source: &Source) -> Result<u64, BrokerError> {
        let connection = self.inbound().await?;
        depth(&connection, &self.inner.names, source).await
    }

    async fn is_read(&self, source: &Source) -> Result<bool, BrokerError> {
        let connection = self.inbound().await?;
        is_read(&connection, &self.inner.names, source).await
    }

    async fn check(&self) -> Result<(), BrokerError> {
        let outgoing = self.inner.outbound.watch().now()?;
        if outgoing.is_blocked() {
            let alarm = "it takes no messages (memory or disk alarm)";
            return Err(BrokerError::Unavailable(alarm.to_owned()));
        }
        let incoming = self.inner.inbound.watch().now()?;
        look(&incoming, &self.inner.topology).await
    }

    async fn close(&self) {
        tokio::join!(self.inner.outbound.close(), self.inner.inbound.close());
    }

    fn takes_messages(&self) -> bool {
        self.inner.publishing.takes_messages()
    }

    fn unanswered(&self) -> u64 {
        self.inner.unanswered.count()
    }
}

fn dialer(access: &Access, settings: &Settings, role: &str, topology: Option<&Topology>) -> Dialer {
    Dialer {
        access: access.clone(),
        name: format!("{} {role}", settings.namespace),
        topology: topology.filter(|_| settings.manage_topology).cloned(),
    }
}

fn check_namespace(namespace: &str) -> Result<(), BrokerError> {
    let bytes = namespace.len();
    if (1..=MOST_NAMESPACE_BYTES).contains(&bytes) {
        return Ok(());
    }
    let text = format!("a namespace has 1 to {MOST_NAMESPACE_BYTES} bytes, this one {bytes}");
    Err(BrokerError::Denied(text))
}
