//! Private servers in containers.

use std::process::Command;
use std::time::Duration;

use super::{Kind, Service, ports};
use crate::failure::Failure;
use crate::guard::Guarded;
use crate::process::{say, succeeds};

/// The image may have to be downloaded first.
const PATIENCE: Duration = Duration::from_secs(300);

/// `None` without a container engine, or if it fails: then another way is tried.
pub(super) fn start(kind: Kind) -> Option<Service> {
    let engine = ["docker", "podman"].into_iter().find(|engine| runs(engine))?;
    match run(kind, engine) {
        Ok(service) => Some(service),
        Err(failure) => {
            say(format!("{engine} cannot run {kind}: {failure:?}"));
            None
        }
    }
}

/// The client may be installed without its daemon.
fn runs(engine: &str) -> bool {
    succeeds(Command::new(engine).arg("info"))
}

fn run(kind: Kind, engine: &str) -> Result<Service, Failure> {
    let stuck = |error| Failure::stuck(engine, error);
    let [port] = ports::free().map_err(stuck)?;
    let name = format!("reelwork-test-{port}-{}", std::process::id());
    let mut command = Command::new(engine);
    command.args(["run", "--rm", "--name", &name, "--publish"]);
    command.arg(format!("127.0.0.1:{port}:{}", kind.standard_port())).arg(kind.image());
    say(format!("{kind}: a private one on 127.0.0.1:{port}, in a container of {engine}"));
    let directory = tempfile::tempdir().map_err(stuck)?;
    // The container is a child of the daemon: it outlives the client.
    let at_end = format!("{engine} rm --force {name}");
    let guarded = Guarded::start(directory, &command, Some(&at_end)).map_err(stuck)?;
    Service::ours(kind, port, vec![guarded], PATIENCE)
}
