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

mod acceptance;
mod account_choice;
mod account_rules;
mod admission;
mod adoption;
mod allowance;
mod bounds;
mod budget;
mod cadence;
mod callback;
mod callback_hint;
mod compressed;
mod cost;
mod disposition;
mod dropping;
mod edit;
mod envelope;
mod estimate;
mod event;
mod fact;
mod failing;
mod fair;
mod grant;
mod history;
mod identity;
mod inquiry;
mod journal;
mod json;
mod kept;
mod late_answer;
mod life;
mod manual_pause;
mod moment;
mod money;
mod no_job;
mod operation;
mod orphan;
mod overflow;
mod own_task;
mod path;
mod period;
mod possible_accounts;
mod provider_task;
mod rate;
mod reached;
mod reason;
mod rebuild;
mod record;
mod redacted;
mod replay;
mod request;
mod retry;
mod retry_by_hand;
mod revision;
mod room;
mod rules;
mod slot;
mod slot_limit;
mod state;
mod state_kind;
mod tasks;
mod time;
mod tombstone;
mod trace;
mod transition;
mod watch;
mod webhook;
mod webhook_url;

pub use acceptance::{Acceptance, Asked, Standing, asked_again};
pub use account_choice::{AccountLoad, by_free_capacity};
pub use account_rules::{AccountRules, DEFAULT_ACCOUNT, MAX_ACCOUNT_BYTES, is_account_name};
pub use admission::{
    Admission, Delivered, Readiness, Recovery, admit, readiness, record_lost, recover,
};
pub use adoption::{Adoption, Death, Letter, adopt};
pub use allowance::{Allowance, Allowed, UsedAllowance};
pub use bounds::{MAX_MESSAGE_BYTES, MAX_METADATA_BYTES, MAX_OPERATION_BYTES, MAX_RETRIES};
pub use budget::{
    Cap, CapOf, CapPeriod, Caps, OnCap, OverBudget, OverCap, over_budget, reservation_is_over,
};
pub use cadence::Cadence;
pub use callback::{BadCallback, CALLBACK_PATH, CallbackSigner, CallbackTo};
pub use callback_hint::{CallbackHint, callback_hint};
pub use cost::{Cost, CostBasis, Settled};
pub use disposition::Disposition;
pub use dropping::Dropping;
pub use edit::Editing;
pub use envelope::{BadJob, Job, KEYS, MessageFacts, decode};
pub use estimate::Estimate;
pub use event::{CloudEvent, EventData, EventKind, EventSource, Timings};
pub use fact::Fact;
pub use failing::Failing;
pub use fair::{FairShare, FairTime};
pub use grant::{Grant, GrantUse, grant_use, unsent_intent, waiting_look};
pub use history::{HistoryEntry, Repeated};
pub use identity::{
    BadIdentity, ExternalId, JobId, JobKey, MAX_ID_BYTES, MAX_TENANT_BYTES, Tenant,
};
pub use inquiry::{Candidate, LookedUp, Proposals, conclude, found_nowhere, waits_for_callbacks};
pub use journal::JournalEntry;
pub use json::JsonObject;
pub use kept::Kept;
pub use late_answer::{LateAnswer, late_answer};
pub use life::Life;
pub use manual_pause::{Held, HeldPlace, ManualPause, PauseScope, held};
pub use moment::Moment;
pub use money::Money;
pub use operation::{Lane, Operation, Priority, Resource, RoutingKey};
pub use overflow::OverflowQueue;
pub use own_task::Origin;
pub use path::{Passed, PathRefusals};
pub use period::Period;
pub use provider_task::ProviderTask;
pub use rate::Rate;
pub use reached::Reached;
pub use reason::{Fault, Reason};
pub use rebuild::{Restored, Restoring};
pub use record::Record;
pub use redacted::RedactedRequest;
pub use replay::{DeadLetter, Replay, Stays};
pub use request::{Request, RequestHash, StoredHash};
pub use retry::RetryDelay;
pub use retry_by_hand::NotRetried;
pub use room::{RoomBounds, WaitingCount};
pub use rules::{OnDoubt, Rules};
pub use slot::{slot_is_over, slot_was_unspent};
pub use slot_limit::{Overload, OverloadCause, SlotLimit, SlotRange};
pub use state::{Doubt, Outcome, Output, OutputKind, Problem, State};
pub use state_kind::StateKind;
pub use tasks::is_task_id;
pub use time::Timestamp;
pub use trace::{TraceContext, trace_id};
pub use transition::{Effect, Illegal, Step, transition};
pub use watch::{FailedLook, Watch};
pub use webhook::{
    WebhookAttempt, WebhookCall, WebhookDelay, WebhookEnd, WebhookNext, webhook_next,
};
pub use webhook_url::{BadWebhookUrl, MAX_WEBHOOK_URL_BYTES, WebhookUrl};
