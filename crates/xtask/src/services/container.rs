//! Private servers in containers.

use std::process::Command;
use std::time::Duration;

use servers::Group;
use tempfile::TempDir;

use super::{Kind, Running, Service};
use crate::failure::Failure;
use crate::process::{say, succeeds};

/// The image may have to be downloaded first.
const PATIENCE: Duration = Duration::from_secs(300);

/// The client of a container engine; the container ends with it.
#[derive(Debug)]
pub(super) struct Container {
    client: Group,
    _directory: TempDir,
}

/// `None` without a container engine, or if it fails: then another way is tried.
pub(super) async fn start(kind: Kind) -> Option<Service> {
    let engine = ["docker", "podman"].into_iter().find(|engine| runs(engine))?;
    match run(kind, engine).await {
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

async fn run(kind: Kind, engine: &str) -> Result<Service, Failure> {
    let stuck = |error| Failure::stuck(engine, error);
    let port = servers::free_port();
    let name = format!("reelwork-test-{port}-{}", std::process::id());
    let mut command = Command::new(engine);
    command.args(["run", "--rm", "--name", &name, "--publish"]);
    command.arg(format!("127.0.0.1:{port}:{}", kind.standard_port())).arg(kind.image());
    say(format!("{kind}: a private one on 127.0.0.1:{port}, in a container of {engine}"));
    let directory = tempfile::tempdir().map_err(stuck)?;
    // The container is a child of the daemon: it outlives the client.
    let at_end = format!("{engine} rm --force {name}");
    let client = Group::start_with_end(command, directory.path(), &at_end).map_err(stuck)?;
    let mut container = Container { client, _directory: directory };
    let answers = async || kind.answers(port);
    container.client.answering(&kind.to_string(), PATIENCE, answers).await.map_err(stuck)?;
    let running = Running::Contained { _container: container };
    Ok(Service { kind, url: kind.local_url(port), running })
}
