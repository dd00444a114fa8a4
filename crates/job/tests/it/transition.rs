//! The state machine: every pair of state and fact, and what must hold for any sequence.

#![allow(clippy::disallowed_methods, reason = "records are made up for the tests")]

use std::time::Duration;

use job::{
    CloudEvent, Doubt, Effect, EventKind, EventSource, ExternalId, Fact, Job, Kept, MessageFacts,
    Moment, OnDoubt, Outcome, Passed, PathRefusals, Problem, Record, RetryDelay, Rules, State,
    StateKind, Step, Timestamp, Watch, decode, transition,
};

mod doubts;
mod fixture;
mod parked;
mod promises;
mod queued;
mod requests;
mod spending;
mod table;
mod watched;

use fixture::{
    at, doubt, facts, failed, in_doubt, millis, pending, record, running, states, step, submitting,
    succeeded,
};
