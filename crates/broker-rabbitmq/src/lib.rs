//! The broker on RabbitMQ (3.10 and 4.x): topology, confirmed publish, deliveries settled
//! by value, reconnection.
//!
//! Read in this order: how it is set up ([`Settings`]), what the things on the broker are called
//! and how they are declared ([`topology`]), how a connection and its channels are opened,
//! kept and closed (`connection`, `channel`, `link`), how a message looks on the wire
//! (`content`, `properties`), how it is published and taken (`publish`, `consume`), and [`RabbitBroker`], which only calls them.
//!
//! Three habits of lapin shape this crate. Its own recovery is not used: a lost connection ends
//! everything that used it, and a new one is built. One task owns each publishing channel,
//! because concurrent publishers on one channel can get each other's confirms. And a returned
//! message is told apart from a confirmed one by its own identity, never by the confirm that
//! happened to carry it.

mod settings;

mod names;
pub mod topology;

mod bounds;
mod channel;
mod connection;
mod error;
mod link;
mod socket;

mod content;
mod properties;

mod consume;
mod publish;

mod broker;

pub use broker::RabbitBroker;
pub use content::Content;
pub use settings::Settings;
pub use topology::Topology;
