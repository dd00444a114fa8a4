//! Whether a majority of the broker's nodes works, and what one more lost node would stop. Looks
//! only.
//!
//! RabbitMQ declares and shows a queue whose majority is gone as if nothing were wrong. A consumer
//! of a stream, however, is registered by a majority. One that begins at the end takes nothing.

use std::time::Duration;

use futures::future::join_all;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use ports::BrokerError;

use super::{Topology, management, members};
use crate::access::Access;
use crate::connection::BrokerConnection;
use crate::error::{is_unanswered, short, within};
use crate::names::Names;
use crate::nodes::Node;
use crate::{Settings, access};

/// For opening a connection to one node.
const OPEN: Duration = Duration::from_secs(4);
/// For a node to register the consumer: it elects a leader first if that was lost.
const REGISTER: Duration = Duration::from_secs(5);

/// What a node of the URL does.
enum Standing {
    /// It reaches a majority, or that cannot be seen.
    Works,
    /// It accepts us, and reaches no majority.
    Alone,
    Away(BrokerError),
}

impl Topology {
    /// A majority works: the sentences name what is wrong nevertheless. `Unavailable` if no node can
    /// be reached, none reaches a majority, or one of our queues has lost its own.
    pub async fn quorum(&self, settings: &Settings) -> Result<Vec<String>, BrokerError> {
        let nodes = settings.nodes()?;
        let access = Access::of(settings)?;
        let journal = Names::new(&settings.namespace).journal();
        let looks = nodes.iter().map(|node| look(&access, node, &journal));
        let members = management::nodes_and_queues(&nodes, settings.management_port);
        let (standings, told) = futures::future::join(join_all(looks), members).await;
        let mut sentences = judged(&nodes, standings)?;
        let queues: Vec<&str> = self.queues.iter().map(|queue| queue.name.as_str()).collect();
        match told {
            management::Told::Value(told) => sentences.extend(members::risks(&queues, &told)?),
            management::Told::Silent => sentences.push(
                "the management plugin accepts and does not answer: a node may be frozen"
                    .to_owned(),
            ),
            management::Told::Nothing => {}
        }
        Ok(sentences)
    }
}

fn judged(nodes: &[Node], standings: Vec<Standing>) -> Result<Vec<String>, BrokerError> {
    let (mut works, mut away, mut sentences) = (false, Vec::new(), Vec::new());
    for (node, standing) in nodes.iter().zip(standings) {
        let address = node.address();
        match standing {
            Standing::Works => works = true,
            Standing::Alone => {
                sentences.push(format!("{address} reaches no majority of the nodes"))
            }
            Standing::Away(error) => {
                sentences.push(error.cause().to_owned());
                away.push(error);
            }
        }
    }
    match works {
        true => Ok(sentences),
        false if away.len() == nodes.len() => Err(access::all(away)),
        false => Err(BrokerError::Unavailable(format!(
            "a majority of its nodes is gone: {}",
            sentences.join("; ")
        ))),
    }
}

async fn look(access: &Access, node: &Node, journal: &str) -> Standing {
    let connection = match access.open_only(node, "reelwork doctor", OPEN).await {
        Ok(connection) => connection,
        Err(error) => return Standing::Away(error),
    };
    let registered = within(REGISTER, register(&connection, journal)).await;
    match registered {
        Err(error) if is_unanswered(&error) => Standing::Alone,
        // A missing journal or permission is found elsewhere.
        Ok(()) | Err(_) => {
            connection.close().await;
            Standing::Works
        }
    }
}

/// Consumes only what is appended from now on, and ends at once.
async fn register(connection: &BrokerConnection, journal: &str) -> lapin::Result<()> {
    let channel = connection.channel().await?;
    channel.basic_qos(1, BasicQosOptions::default()).await?;
    let mut arguments = FieldTable::default();
    arguments.insert("x-stream-offset".into(), AMQPValue::LongString("next".into()));
    let queue = short(journal).unwrap_or_default();
    let options = BasicConsumeOptions::default();
    let consumer = channel.basic_consume(queue, "".into(), options, arguments).await?;
    channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await
}
