//! Jobs per second of the real pipeline, compared with the smallest program for the same work.
//!
//! - [`pipeline`]: worker, poller, producer and consumer through the crates' public interfaces.
//! - [`thin`]: the same external operations, and nothing else.
//! - [`traced`]: the pipeline with a collector of traces and without.
//! - [`provider`]: the simulator in a process of its own, and its accounts.
//! - [`measure`], [`report`]: time and processor time per job; the evaluation of the rounds.
//!
//! Both sides run in turn against the same servers. A round whose counts do not agree has no
//! figures. Started by `cargo xtask bench pipeline`.

mod measure;
mod pipeline;
mod provider;
mod report;
mod thin;
mod traced;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use measure::Measured;
use provider::Provider;
use report::Round;

pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The same allocator as in the program, on both sides.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
struct Options {
    /// Serve as the provider until stdin ends.
    #[arg(long, hide = true)]
    provider: bool,
    /// Jobs of each side in each round.
    #[arg(long, default_value_t = 5_000)]
    jobs: usize,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Jobs under way at once, on both sides: publishes, submissions, looks.
    #[arg(long, default_value_t = 256)]
    at_once: u16,
    /// Only one side, for a profile; then there is no ratio.
    #[arg(long)]
    only: Option<Side>,
    /// Also the pipeline with everything counted that an admin port tells, for what that costs.
    #[arg(long)]
    metered: bool,
    /// Only the pipeline, with a collector of traces and without, in turns.
    #[arg(long)]
    traced: bool,
    /// With a log, as a role has one.
    #[arg(long, hide = true)]
    logged: bool,
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Side {
    Pipeline,
    #[value(skip)]
    Metered,
    Thin,
}

/// The work of one side, and the services that it uses.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) amqp: String,
    pub(crate) redis: String,
    /// Base address of the provider.
    pub(crate) provider: String,
    pub(crate) jobs: usize,
    pub(crate) at_once: u16,
}

fn main() -> ExitCode {
    ended(start(&Options::parse()))
}

fn start(options: &Options) -> Result<(), Failed> {
    let traces = if options.logged { traced::start()? } else { None };
    let runtime = tokio::runtime::Runtime::new()?;
    let done = runtime.block_on(async {
        match options {
            Options { provider: true, .. } => provider::serve().await,
            Options { traced: true, .. } => traced::compare(options).await,
            _ => bench(options).await,
        }
    });
    drop(runtime);
    if let Some(traces) = traces {
        traces.flush();
    }
    done
}

fn ended(done: Result<(), Failed>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            say(format!("error: {failed}"));
            ExitCode::FAILURE
        }
    }
}

async fn bench(options: &Options) -> Result<(), Failed> {
    // The first round has cold caches, and scripts that are not loaded yet.
    round(options, options.jobs.div_ceil(5)).await?;
    let mut rounds = Vec::new();
    for number in 1..=options.rounds {
        let round = round(options, options.jobs).await?;
        say(format!("round {number}: {}", round.words()));
        rounds.push(round);
    }
    let mut stdout = std::io::stdout();
    match options.json {
        true => writeln!(stdout, "{}", report::json(&rounds))?,
        false => writeln!(stdout, "{}", report::words(&rounds))?,
    }
    Ok(())
}

async fn round(options: &Options, jobs: usize) -> Result<Round, Failed> {
    let pipeline = match options.only {
        Some(Side::Thin) => None,
        _ => Some(side(options, jobs, Side::Pipeline).await?),
    };
    let thin = match options.only {
        Some(Side::Pipeline) => None,
        _ => Some(side(options, jobs, Side::Thin).await?),
    };
    let metered = match options.metered {
        true => Some(side(options, jobs, Side::Metered).await?),
        false => None,
    };
    Ok(Round { pipeline, thin, metered })
}

/// Runs one side, with a new provider.
async fn side(options: &Options, jobs: usize, side: Side) -> Result<Measured, Failed> {
    let provider = Provider::start().await?;
    let load = Load {
        amqp: std::env::var("REELWORK_TEST_AMQP_URL")?,
        redis: std::env::var("REELWORK_TEST_REDIS_URL")?,
        provider: provider.url().to_owned(),
        jobs,
        at_once: options.at_once,
    };
    let measured = match side {
        Side::Pipeline => pipeline::run(&load, provider.process(), false).await?,
        Side::Metered => pipeline::run(&load, provider.process(), true).await?,
        Side::Thin => thin::run(&load, provider.process()).await?,
    };
    provider.agrees(jobs).await.map_err(|failed| format!("{side:?}: {failed}"))?;
    Ok(measured)
}

fn say(words: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{}", words.as_ref());
}
