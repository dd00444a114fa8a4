//! Benchmarks, built in release.

use std::ffi::OsString;
use std::process::Command;

use crate::failure::Failure;
use crate::process::{run_to_end, say};
use crate::services::{Kind, Service};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    what: What,
    /// `--jobs N`, `--rounds N`, `--at-once N`, `--only pipeline|thin`, `--metered`, `--traced`,
    /// `--json`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Jobs per second on RabbitMQ and Redis, beside the least that does the same work.
    Pipeline,
}

pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let workspace = Workspace::here()?;
    let example = match options.what {
        What::Pipeline => "pipeline",
    };
    say("building");
    let target = ["--release", "--package", "xtask", "--features", "bench", "--example", example];
    let program = workspace.build(example, &target)?;
    let started = [Service::ready(Kind::Rabbitmq).await?, Service::ready(Kind::Redis).await?];
    let mut command = Command::new(program);
    command.args(&options.arguments).envs(started.iter().map(Service::environment));
    run_to_end(command).await
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// The thin side shows the cost of the promises only while it uses no crate of the workspace.
    #[test]
    fn the_thin_side_knows_none_of_our_crates() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let ours = crates.read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        let ours: Vec<_> = ours.map(|name| name.to_string_lossy().replace('-', "_")).collect();
        assert!(ours.iter().any(|name| name == "ledger_redis"), "{ours:?}");
        let thin = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/thin");
        for file in thin.read_dir().unwrap() {
            let file = file.unwrap().path();
            let text = std::fs::read_to_string(&file).unwrap();
            let paths = |name: &&String| {
                let uses = |c: char| !c.is_alphanumeric() && c != '_' && c != ':';
                text.split(uses).any(|word| word.starts_with(&format!("{name}::")))
            };
            let used: Vec<_> = ours.iter().filter(paths).collect();
            assert!(used.is_empty(), "{} uses {used:?}", file.display());
        }
    }
}
