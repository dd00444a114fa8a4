//! Start and end of every process: configuration, logs, traces, health, signals.
//!
//! [`Config::load`] reads [`Sources`] (defaults < files < environment < flags). It returns the
//! typed [`Config`] with the source of each value, or every [`Problem`] at once. [`logs::init`]
//! starts the log on stderr, [`traces`] exports spans, [`admin`] serves health and metrics,
//! [`Shutdown`] turns signals into one request to drain, and [`ExitCode`] has the exit codes of
//! commands. Nothing here depends on the work of a process.

// The keys: one table, from which everything else derives.
mod choice;
mod config;
mod key;
mod keys;
mod table;

// Reading a value.
mod duration;
mod endpoint;
mod hosts;
mod kind;
mod reader;

// The sources of values.
mod environment;
mod file;
mod layer;
mod nearest;
mod sources;
mod written;

// The keys of the provider, which may be read again.
mod api_key;
mod provider_key;
mod secret_file;

// The result.
mod accounts;
mod effective;
mod example;
mod load;
mod problem;
mod rules;

// Start and end of a process.
pub mod admin;
mod exit;
pub mod logs;
mod printable;
mod shutdown;
pub mod traces;

pub use self::api_key::KeyFile;
pub use self::choice::{
    ContentMode, DoubtPolicy, HeaderPrefix, LogFormat, LookUp, OverCap, TraceMode,
};
pub use self::config::{
    Accounts, Admin, Broker, Config, Doubt, Embedded, Events, Gateway, Kling, Ledger, Limits,
    Money, Poll, Telemetry, Tenants, Worker,
};
pub use self::effective::Effective;
pub use self::endpoint::{Endpoint, SecretUrl};
pub use self::example::example;
pub use self::exit::ExitCode;
pub use self::kind::{MicroUsd, SlotCount};
pub use self::load::Loaded;
pub use self::nearest::nearest;
pub use self::printable::{printable, printable_line};
pub use self::problem::{ConfigError, Problem};
pub use self::provider_key::ProviderKey;
pub use self::shutdown::Shutdown;
pub use self::sources::{Source, Sources};
pub use self::written::COMETAPI_KEY;
pub use secrecy::{ExposeSecret, SecretString};
