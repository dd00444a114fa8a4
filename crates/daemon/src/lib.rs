//! How every process begins and ends: configuration, logs, traces, health, signals.
//!
//! [`Config::load`] takes [`Sources`] (defaults < files < environment < flags) and answers with the
//! typed [`Config`] and where each value came from, or with every [`Problem`] at once. [`logs::init`]
//! starts the log on stderr, [`traces`] exports spans, [`admin`] serves health and metrics,
//! [`Shutdown`] turns signals into one request to drain, and [`ExitCode`] holds the numbers
//! of the command-line contract. Nothing here depends on what a process does.

// What can be set: one table, from which everything else derives.
mod choice;
mod config;
mod key;
mod keys;
mod table;

// How a value is read.
mod duration;
mod endpoint;
mod kind;
mod reader;

// Where values come from.
mod environment;
mod file;
mod layer;
mod nearest;
mod sources;
mod written;

// The result.
mod effective;
mod example;
mod load;
mod problem;
mod rules;

// The life of a process.
pub mod admin;
mod exit;
pub mod logs;
mod printable;
mod shutdown;
pub mod traces;

pub use self::choice::{ContentMode, DoubtPolicy, HeaderPrefix, LogFormat, LookUp, TraceMode};
pub use self::config::{
    Admin, Broker, Config, Doubt, Embedded, Events, Gateway, Kling, Ledger, Limits, Poll,
    Telemetry, Worker,
};
pub use self::effective::Effective;
pub use self::endpoint::{Endpoint, SecretUrl};
pub use self::example::example;
pub use self::exit::ExitCode;
pub use self::load::Loaded;
pub use self::printable::{printable, printable_line};
pub use self::problem::{ConfigError, Problem};
pub use self::shutdown::Shutdown;
pub use self::sources::{Source, Sources};
pub use self::written::COMETAPI_KEY;
pub use secrecy::{ExposeSecret, SecretString};
