use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use lapin::BasicProperties;
use lapin::message::BasicReturnMessage;
use lapin::types::ShortString;
use ports::{Destination, Message, PublishError};

use crate::error::short;
use crate::names::{Names, overflow_key};
use crate::properties::encode;

/// A message in the form that lapin takes.
pub(crate) struct Parcel {
    pub(crate) exchange: ShortString,
    pub(crate) routing_key: ShortString,
    pub(crate) properties: BasicProperties,
    pub(crate) body: Bytes,
    /// Set before it is sent: until then the broker does not have it.
    pub(crate) handed: Arc<AtomicBool>,
}

impl Parcel {
    pub(crate) fn pack(
        to: &Destination,
        (exchange, routing_key): &(String, String),
        message: Message,
        most: usize,
    ) -> Result<Self, PublishError> {
        let bytes = message.body.len();
        // Only a producer can act on the error: all other messages are made to fit.
        let message = match to {
            Destination::Jobs { .. } if bytes > most => {
                return Err(PublishError::TooLarge { bytes, most });
            }
            Destination::Jobs { .. } => message,
            Destination::Later { .. }
            | Destination::Overflow { .. }
            | Destination::Dead { .. }
            | Destination::Results { .. }
            | Destination::Webhooks { .. }
            | Destination::Journal => message.fitted(),
        };
        let unroutable = || PublishError::Unroutable(routing_key.clone());
        Ok(Self {
            exchange: short(exchange).ok_or_else(unroutable)?,
            routing_key: short(routing_key).ok_or_else(unroutable)?,
            properties: encode(&message)?,
            body: message.body,
            handed: Arc::default(),
        })
    }

    pub(crate) fn label(&self) -> Label {
        Label {
            exchange: self.exchange.clone(),
            routing_key: self.routing_key.clone(),
            message_id: self.properties.message_id().clone(),
        }
    }
}

/// The exchange and the routing key of a destination. The journal is addressed by its queue's name,
/// so that a missing one is noticed.
pub(crate) fn address(names: &Names, to: &Destination) -> (String, String) {
    match to {
        Destination::Jobs { routing_key } => (names.jobs(), routing_key.clone()),
        Destination::Later { delay, routing_key } => (names.later(*delay), routing_key.clone()),
        Destination::Overflow { queue, routing_key } => {
            (names.overflow(), overflow_key(*queue, routing_key))
        }
        Destination::Dead { routing_key } => (names.dead(), routing_key.clone()),
        Destination::Results { routing_key } => (names.results(), routing_key.clone()),
        Destination::Webhooks { after: None } => (names.webhooks(), String::new()),
        Destination::Webhooks { after: Some(delay) } => {
            (names.webhooks_later(*delay), String::new())
        }
        Destination::Journal => (String::new(), names.journal()),
    }
}

/// Identifies a publish when the broker returns it. Two with equal labels are repeats of one
/// message to one destination, and get the same result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) exchange: ShortString,
    pub(crate) routing_key: ShortString,
    pub(crate) message_id: Option<ShortString>,
}

impl Label {
    pub(crate) fn of(returned: &BasicReturnMessage) -> Self {
        Self {
            exchange: returned.exchange.clone(),
            routing_key: returned.routing_key.clone(),
            message_id: returned.properties.message_id().clone(),
        }
    }
}
