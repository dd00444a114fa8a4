//! Private servers for tests: RabbitMQ, Redis and Valkey of any version, single and clustered.
//!
//! A server listens on 127.0.0.1 only, has a directory of its own, and ends with the value that
//! stands for it, or with the process that started it, however that one ends. It can be killed,
//! frozen, and started again with its files. Read in this order: [`Programs`] (which version),
//! `port`, `process` (one server's processes), `probe` (whether a server answers), then
//! [`rabbitmq`] and [`redis`]; [`Authority`] makes their certificates.
//!
//! Two variables select the programs, so that the same tests run on other versions:
//! `REELWORK_TEST_RABBITMQ_SERVER` and `REELWORK_TEST_REDIS_SERVER`.

mod certificates;
mod port;
mod process;
mod programs;

pub mod probe;
pub mod rabbitmq;
pub mod redis;

pub use certificates::{Authority, Signed};
pub use port::{free_port, free_ports};
pub use process::{Group, patiently};
pub use programs::{Programs, RABBITMQ_VARIABLE, REDIS_VARIABLE};
