//! Private RabbitMQ nodes, single or in a cluster.

mod cluster;
mod configuration;
mod node;

pub use cluster::Cluster;
pub use configuration::Configuration;
pub use node::Node;
