//! The door for other people's code: build a valid job, publish it, know that it is in; read
//! results.
//!
//! A [`Draft`] becomes a valid job before anything is sent; [`Producer::publish`] returns when
//! the broker has it durably. The id is given first, so that a publish whose outcome is unknown
//! can be repeated under the same id without being paid twice.
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
//! A service that traces connects with `Producer::connect_traced`. It passes a function that names its
//! running span as W3C Trace Context ([`Spans::named_by`]); each job is then published under that name.
//!
//! `examples/publish.rs` is the whole way: connect, publish, wait for the event.

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
