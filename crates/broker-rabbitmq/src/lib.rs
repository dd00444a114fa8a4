//! The broker on RabbitMQ (3.10 and 4.x): topology, confirmed publish, deliveries settled
//! by value, reconnection.
//!
//! Read in this order: the settings ([`Settings`]), the names on the broker and how they are
//! declared ([`topology`]), how a connection and its channels are opened, kept and closed
//! (`nodes`, `encryption`, `access`, `connection`, `channel`, `link`), how a message is encoded
//! (`content`, `counts`, `properties`), how it is published and consumed (`publish`, `consume`),
//! and [`RabbitBroker`], which only calls these.
//!
//! Three properties of lapin shape this crate. Its own recovery is not used: a lost connection ends
//! everything that used it, and a new one is opened. One task owns each publishing channel, because
//! concurrent publishers on one channel can get each other's confirms. And a returned message is
//! recognized by its own identity, never by the confirm that carried it.

mod settings;

mod names;
pub mod topology;

mod access;
mod bounds;
mod channel;
mod connection;
mod encryption;
mod error;
mod link;
mod nodes;
mod socket;

mod content;
mod counts;
mod properties;

mod consume;
mod publish;

mod broker;

pub use broker::RabbitBroker;
pub use content::Content;
pub use settings::Settings;
pub use topology::Topology;
