//! The job: its data, its state machine, and the events that report on it.
//!
//! Pure: no async, no clock, no network. Time and random values are arguments, so every decision
//! can be tested as a table. Read in this order: the vocabulary ([`JobKey`], [`Operation`],
//! [`Job`]), the stored state ([`Record`], [`State`]), the state machine ([`Fact`],
//! [`transition()`]), and its output ([`CloudEvent`], [`JournalEntry`]). Input is checked before it
//! becomes a fact: a delivery ([`admit`], [`recover`]), a late answer ([`late_answer()`]), a
//! callback ([`callback_hint()`]). [`CallbackSigner`] makes the address that a provider calls back.

// Each match must list a new state or fact.
#![warn(clippy::wildcard_enum_match_arm)]

mod admission;
mod adoption;
mod bounds;
mod cadence;
mod callback;
mod callback_hint;
mod compressed;
mod disposition;
mod envelope;
mod event;
mod fact;
mod fair;
mod history;
mod identity;
mod inquiry;
mod journal;
mod json;
mod kept;
mod late_answer;
mod life;
mod moment;
mod no_job;
mod operation;
mod orphan;
mod own_task;
mod path;
mod reached;
mod reason;
mod rebuild;
mod record;
mod replay;
mod request;
mod retry;
mod revision;
mod rules;
mod slot;
mod state;
mod state_kind;
mod tasks;
mod time;
mod tombstone;
mod trace;
mod transition;
mod watch;

pub use admission::{
    Admission, Delivered, Readiness, Recovery, admit, readiness, record_lost, recover,
};
pub use adoption::{Adoption, Death, Letter, adopt};
pub use bounds::{MAX_MESSAGE_BYTES, MAX_METADATA_BYTES, MAX_OPERATION_BYTES, MAX_RETRIES};
pub use cadence::Cadence;
pub use callback::{BadCallback, CALLBACK_PATH, CallbackSigner, CallbackTo};
pub use callback_hint::{CallbackHint, callback_hint};
pub use disposition::Disposition;
pub use envelope::{BadJob, Job, KEYS, MessageFacts, decode};
pub use event::{CloudEvent, EventData, EventKind, EventSource, Timings};
pub use fact::Fact;
pub use fair::FairShare;
pub use history::{HistoryEntry, Repeated};
pub use identity::{
    BadIdentity, ExternalId, JobId, JobKey, MAX_ID_BYTES, MAX_TENANT_BYTES, Tenant,
};
pub use inquiry::{Candidate, LookedUp, Proposals, conclude, waits_for_callbacks};
pub use journal::JournalEntry;
pub use json::JsonObject;
pub use kept::Kept;
pub use late_answer::{LateAnswer, late_answer};
pub use life::Life;
pub use moment::Moment;
pub use operation::{Lane, Operation, Priority, Resource, RoutingKey};
pub use own_task::Origin;
pub use path::{Passed, PathRefusals};
pub use reached::Reached;
pub use reason::{Fault, Reason};
pub use rebuild::{Restored, Restoring};
pub use record::Record;
pub use replay::{DeadLetter, Replay, Stays};
pub use request::{Request, RequestHash, StoredHash};
pub use retry::RetryDelay;
pub use rules::{OnDoubt, Rules};
pub use slot::slot_is_over;
pub use state::{Doubt, Outcome, Output, OutputKind, Problem, State};
pub use state_kind::StateKind;
pub use tasks::is_task_id;
pub use time::Timestamp;
pub use trace::{TraceContext, trace_id};
pub use transition::{Effect, Illegal, Step, transition};
pub use watch::{FailedLook, Watch};
