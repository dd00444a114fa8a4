//! Private Redis and Valkey servers: single, in a Cluster, and watched by Sentinels.

mod cluster;
mod reply;
mod sentinels;
mod server;

pub use cluster::Cluster;
pub use reply::Reply;
pub use sentinels::{MASTER, Sentinels};
pub use server::Server;
