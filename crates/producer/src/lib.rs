//! The library for producers: build a valid job, publish it with confirmation, read results.
//!
//! A [`Draft`] becomes a valid job before anything is sent; [`Producer::publish`] returns when the
//! broker has it durably. The id is set before that, so that a publish with an unknown outcome can
//! be repeated under the same id without a second payment.
//!
//! ```
//! use producer::Draft;
//!
//! let job = Draft::new("videos/text2video")
//!     .id("order-42")
//!     .prompt("A happy scene of a vacation on the beach.")
//!     .set("duration", "5")
//!     .build()
//!     .expect("the request is valid");
//! assert_eq!(job.key.to_string(), "default/order-42");
//! ```
//!
//! A service that traces connects with `Producer::connect_traced` and passes a function that
//! returns its running span as W3C Trace Context ([`Spans::named_by`]). Jobs are published under
//! that span.
//!
//! `examples/publish.rs` shows all steps: connect, publish, wait for the event.

mod draft;
mod producer;
mod replay;
mod results;

pub use draft::{Draft, Invalid};
pub use producer::{ProduceError, Producer, Receipt};
pub use replay::{Replay, ReplayError};
pub use results::{ResultEvent, Results};
pub use spans::Spans;
pub use validation::Slots;
