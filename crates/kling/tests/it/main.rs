//! The client and its types from outside: recorded answers, arbitrary ones, a server on a local port.

mod arbitrary;
mod bodies;
mod checks;
mod client;
mod combinations;
mod errors;
mod fixtures;
#[cfg(feature = "http")]
mod http;
mod inconsistencies;
mod numbers;
mod relays;
#[cfg(feature = "http")]
mod server;
mod validation;
