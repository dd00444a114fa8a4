//! Checks the permissions of our user without effect: the broker checks permissions first, and then
//! refuses these requests, which are invalid in any case.

use std::fmt;

use job::{Lane, OverflowQueue};
use lapin::BasicProperties;
use lapin::options::{BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use ports::BrokerError;

use crate::access::Access;
use crate::connection::BrokerConnection;
use crate::error::{code, reply_code, short, using};
use crate::names::Names;
use crate::{Settings, Topology};

/// A permission that our user lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forbidden {
    Write { exchange: String },
    Read { queue: String },
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { exchange } if exchange.is_empty() => {
                f.write_str("no permission to write to the default exchange (amq.default)")
            }
            Self::Write { exchange } => {
                write!(f, "no permission to write to exchange {exchange}")
            }
            Self::Read { queue } => write!(f, "no permission to read queue {queue}"),
        }
    }
}

impl Topology {
    /// Permissions that workers and pollers need and this user lacks. Changes nothing.
    pub async fn forbidden(&self, settings: &Settings) -> Result<Vec<Forbidden>, BrokerError> {
        let connection = Access::of(settings)?.open("reelwork doctor").await?;
        let forbidden = self.forbidden_over(&connection, &Names::new(&settings.namespace)).await;
        connection.close().await;
        forbidden
    }

    async fn forbidden_over(
        &self,
        connection: &BrokerConnection,
        names: &Names,
    ) -> Result<Vec<Forbidden>, BrokerError> {
        let mut forbidden = Vec::new();
        // The journal is written through the default exchange.
        let exchanges = self.exchanges.iter().map(|exchange| exchange.name.clone());
        for exchange in exchanges.chain([String::new()]) {
            if is_refused(&exchange, write(connection, &exchange).await)? {
                forbidden.push(Forbidden::Write { exchange });
            }
        }
        let lanes = Lane::all().map(|lane| names.lane(lane));
        let overflow = OverflowQueue::all().map(|queue| names.overflow_queue(queue));
        for queue in
            lanes.chain(overflow).chain([names.dead(), names.broker_dead(), names.journal()])
        {
            if is_refused(&queue, read(connection, &queue).await)? {
                forbidden.push(Forbidden::Read { queue });
            }
        }
        Ok(forbidden)
    }
}

/// With write permission, the broker refuses the invalid expiration.
async fn write(connection: &BrokerConnection, exchange: &str) -> lapin::Result<()> {
    let channel = connection.channel().await?;
    // The only response to a publish is its confirm.
    channel.ask(channel.confirm_select(ConfirmSelectOptions::default())).await?;
    let properties = BasicProperties::default().with_expiration("none".into());
    let exchange = short(exchange).unwrap_or_default();
    let options = BasicPublishOptions::default();
    let sending =
        channel.basic_publish(exchange, "reelwork.doctor".into(), options, &[], properties);
    channel.ask(async { sending.await?.await.map(drop) }).await
}

/// With read permission, the broker refuses the invalid priority.
async fn read(connection: &BrokerConnection, queue: &str) -> lapin::Result<()> {
    let channel = connection.channel().await?;
    let mut arguments = FieldTable::default();
    arguments.insert("x-priority".into(), AMQPValue::LongString("none".into()));
    let queue = short(queue).unwrap_or_default();
    let options = BasicConsumeOptions::default();
    channel.ask(channel.basic_consume(queue, "".into(), options, arguments)).await.map(drop)
}

fn is_refused(thing: &str, asked: lapin::Result<()>) -> Result<bool, BrokerError> {
    let Err(error) = asked else { return Ok(false) };
    match reply_code(&error) {
        Some(code::ACCESS_REFUSED) => Ok(true),
        Some(code::PRECONDITION_FAILED | code::NOT_FOUND) => Ok(false),
        _ => Err(using(thing, &error)),
    }
}
