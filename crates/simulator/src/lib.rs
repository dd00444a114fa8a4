//! A simulated Kling behind CometAPI: task states, limits, callbacks, faults, and what it charged.
//!
//! It was written from the public API description and shares no type with any client, so that it
//! can check one. [`Simulator::start`] serves the API, and its own routes under `/_simulator/`.
//! [`Accounts`] has the counts of requests, accepted tasks, refusals and charges. A job is
//! identified by a marker in the request (`[job:XXXX]`), never by the external id.
//!
//! There is one account, which all accepted keys share. All data is lost when the simulator stops,
//! unless it is stored in a file ([`Simulator::start_with_books`]).

// What a run is like.
mod secret;
mod settings;

// Requests: content, price and rules.
mod chance;
mod field;
mod ident;
mod life;
mod marker;
mod operation;
mod price;
mod rules;

// State: tasks, sessions and counts.
mod accounts;
mod books;
mod jobs;
mod rate;
mod task;

// Responses and faults.
mod fault;
mod refusal;
mod shape;

// How it is served.
mod callbacks;
mod connection;
mod routes;
mod server;
mod sessions;
mod span;
mod state;

pub use accounts::{Accounts, CallbackCounts, HelperCounts, LimitViolations, TaskEntry};
pub use callbacks::Callbacks;
pub use fault::{Fault, FaultKind};
pub use life::Life;
pub use secret::Secret;
pub use server::Simulator;
pub use settings::{ExternalIds, IdStyle, LookUp, PerPool, Settings};
pub use shape::{
    CreateShape, ErrorShape, PendingResult, QueryShape, RequestId, Shape, TaskInfo, Word,
};
