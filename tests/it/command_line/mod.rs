//! The contract of the program: what each command prints, and how it exits.

mod accounts;
mod cancel;
mod config;
mod costs;
pub(crate) mod dead;
mod dead_edited;
mod dead_many;
mod dead_selected;
mod demo;
mod doctor;
mod doubt;
mod errors;
mod events;
mod ledger;
mod list;
mod pause;
mod reference;
mod refused;
mod retry;
mod stats;
mod status;
mod submit;
mod topology;
mod wait;
mod why;
