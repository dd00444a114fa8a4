//! The contract of the program: what each command prints, and how it exits.

mod cancel;
mod config;
mod dead;
mod demo;
mod doctor;
mod doubt;
mod events;
mod ledger;
mod refused;
mod status;
mod submit;
mod topology;
mod why;
