//! Tests of the whole program with a real broker, a real ledger, the simulator, and killed
//! processes.
//!
//! `harness` gives each test its own namespace on the shared services, and deletes it afterwards.
#![cfg(test)]

#[macro_use]
mod harness;

#[allow(dead_code, reason = "shared with the chaos run")]
#[path = "../chaos/own_servers.rs"]
mod own_servers;

// The main job.
mod examples;
mod five_processes;
mod python_producer;
mod rolling;
mod rotation;
mod shares;
mod simulated;

// Faults.
mod accounts;
mod bad_input;
mod client_keys;
mod closed;
mod crash;
mod crowd;
mod doubts;
mod drain;
mod faults;
mod floods;
mod forgetting;
mod full_lane;
mod given_up;
mod health;
mod kills;
mod kling_clients;
mod logs;
mod metrics;
mod money;
mod outages;
mod patience;
mod pause;
mod permissions;
mod slots;
mod traces;
mod webhooks;
mod wires;

// Documents and sources.
mod circles;
mod command_line;
mod console;
mod contract;
mod map;
mod pages;
mod rates;
mod readme;
mod witnesses;
