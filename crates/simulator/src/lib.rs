//! A stand-in for Kling behind CometAPI that keeps accounts: states, limits, callbacks, faults,
//! money.
//!
//! It is an independent reading of the public API description and shares no type with any client,
//! so that it can judge one. [`Simulator::start`] serves the API and its own routes under
//! `/_simulator/`; [`Accounts`] says what was asked, accepted, refused and charged. Jobs are told
//! apart by a marker in the request (`[job:XXXX]`), never by the external id.
//!
//! It has one account (all accepted keys share it) and forgets all when it stops, unless it keeps
//! its books in a file ([`Simulator::start_with_books`]).

// What a run is like.
mod secret;
mod settings;

// What a request says, costs and is due.
mod chance;
mod field;
mod ident;
mod life;
mod marker;
mod operation;
mod price;
mod rules;

// What is remembered of it.
mod accounts;
mod books;
mod jobs;
mod rate;
mod task;

// What is answered, and what goes wrong.
mod fault;
mod refusal;
mod shape;

// How it is served.
mod callbacks;
mod routes;
mod server;
mod sessions;
mod state;
mod wire;

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
