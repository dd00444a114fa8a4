//! The HTTP server: callbacks of the provider, and the provider's API for clients.
//!
//! A callback's address contains the submission that it is about, and a token which proves that we
//! issued the address (`receive` over HTTP; `mailbox` without). Its body is only a hint:
//! [`job::callback_hint()`] decides what follows, the mailbox writes that to the ledger, and a
//! poller queries the provider. Nothing is published from a callback.
//!
//! Clients whose jobs name a URL are called when their tasks change ([`Webhooks`]).
//!
//! Clients may ask for [`Jobs`] over HTTP, in the provider's words (`kling_api`) or in those of
//! reelwork (`api`): a POST publishes a job, and a GET is answered from the ledger. No request of a client reaches the provider from here.

// A new state or fact must be handled in every match.
#![warn(clippy::wildcard_enum_match_arm)]

mod api;
mod body;
mod callers;
mod gateway;
mod jobs;
mod kling_api;
mod mailbox;
mod receive;
mod refusal;
mod request_id;
mod room;
mod settings;
mod webhooks;

pub use api::{JobResource, KINDS, ProblemKind, ROUTES, Route};
pub use callers::Callers;
pub use gateway::{Apis, Gateway, Listen, Served};
pub use jobs::{Jobs, JobsSettings};
pub use mailbox::{Mailbox, NotKept};
pub use settings::Settings;
pub use webhooks::Webhooks;
