//! The pages on which operators see the queue, find jobs, and act on them: `/console`.
//!
//! Every page is made on the server and works without scripts. With the page's own script, a page
//! that shows what changes is kept up to date: the same address, asked for as `text/event-stream`, sends
//! the same part again whenever it differs (`live`). Pages read the ledger and the broker; every action
//! is one of `operator`, by a visitor whose role allows it (`visitor`), and leaves a line in the log
//! (`audit`).
//!
//! Read in this order: `console`, `document`, `refusal`, `guard`, `cookie`, `visitor`, `login`, `page`, `words`, `live`, then
//! one file for each page.

// Each match must list a new state.
#![warn(clippy::wildcard_enum_match_arm)]

mod console;
mod routes;

mod acting;
mod audit;
mod cookie;
mod document;
mod guard;
mod login;
mod refusal;
mod visitor;

mod live;
mod page;
mod words;

mod configuration;
mod costs;
mod doubt;
mod job;
mod jobs;
mod letters;
mod overview;
mod pauses;

pub use console::{Access, ConfigurationRow, Console, ConsoleSettings};
pub use routes::routes;
