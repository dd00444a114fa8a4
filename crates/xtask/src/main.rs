//! The workspace's own tasks, run as `cargo xtask TASK`.
//!
//! - [`mod@test`](mod@test): runs the tests on a machine that has only Rust. [`services`] finds
//!   or starts RabbitMQ and Redis; [`python`] and [`node`] prepare clients of other languages.
//! - [`check`]: format, lints, documentation, dependencies; deployment files.
//! - [`mod@bench`](mod@bench): the pipeline, compared with the smallest program for the same work.
//! - [`chaos`]: crash points and faults of connections, with measurements.
//! - [`simulate`]: worker and poller in worlds of random faults, each from one seed.
//! - [`versions`] and [`matrix`]: the same tests on other versions of the servers.
//! - [`schemas`]: the documents for other languages, generated from the types.

mod apt;
mod bench;
mod chaos;
mod check;
mod debian;
mod failure;
mod marker;
mod matrix;
mod needs;
mod node;
mod process;
mod python;
mod schemas;
mod services;
mod simulate;
mod surroundings;
mod test;
mod versions;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use failure::Failure;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The workspace's own tasks", max_term_width = 100)]
enum Task {
    /// Passes the tests; starts RabbitMQ and Redis if there are none.
    ///
    /// Uses REELWORK_TEST_AMQP_URL and REELWORK_TEST_REDIS_URL; else what answers on the standard
    /// local ports; else starts private servers: installed ones, in containers, or (on Debian,
    /// as root) from the distribution's packages. Stops what it started, and nothing else.
    Test(test::Options),
    /// Format, lints, documentation and dependencies; reports every step.
    Check(check::Options),
    /// Measurements, built in release.
    Bench(bench::Options),
    /// Crash points and broken wires: what was lost, paid twice, and how soon work resumed.
    Chaos(chaos::Options),
    /// Worker and poller in many simulated worlds: what is lost, what is paid twice.
    Simulate(simulate::Options),
    /// Writes the JSON Schemas and the AsyncAPI document to `schemas/`.
    Schemas(schemas::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Test(options) => test::run(&options).await,
        Task::Check(options) => check::run(&options),
        Task::Bench(options) => bench::run(&options).await,
        Task::Chaos(options) => chaos::run(&options).await,
        Task::Simulate(options) => simulate::run(&options).await,
        Task::Schemas(options) => schemas::run(&options).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Ended(code)) => ExitCode::from(code),
        Err(Failure::Stuck(why)) => {
            process::say(format!("error: {why}"));
            ExitCode::FAILURE
        }
    }
}
