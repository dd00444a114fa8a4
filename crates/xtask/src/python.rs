//! A plain AMQP client of another language, for the tests between languages.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::process::{output, say, succeeds};
use crate::workspace::Workspace;

/// Names an interpreter that has the client.
pub(crate) const VARIABLE: &str = "REELWORK_TEST_PYTHON";

const CLIENT: &str = "pika==1.3.2";

/// An interpreter that has it: named by the environment, the system's, one in an environment
/// of our own below the target directory, or with the distribution's package.
pub(crate) fn ready(workspace: &Workspace) -> Option<PathBuf> {
    let own = workspace.target().join("test-python");
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let found =
        named.or_else(|| with_client(Path::new("python3"))).or_else(|| in_environment(&own));
    if found.is_none() {
        say(format!("no Python with {CLIENT}: tests between languages will fail; set {VARIABLE}"));
    }
    found
}

fn in_environment(directory: &Path) -> Option<PathBuf> {
    let python = directory.join("bin").join("python");
    with_client(&python)
        .or_else(|| make(directory).then(|| with_client(&python)).flatten())
        .or_else(|| packaged().then(|| with_client(Path::new("/usr/bin/python3"))).flatten())
}

/// Its whole path, if it is there and has the client.
fn with_client(python: &Path) -> Option<PathBuf> {
    let script = "import pika, sys; print(sys.executable)";
    output(Command::new(python).args(["-c", script])).map(PathBuf::from)
}

fn make(directory: &Path) -> bool {
    say(format!("Python: {CLIENT} into {}", directory.display()));
    let python = directory.join("bin").join("python");
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(directory);
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", CLIENT]);
    succeeds(&mut make) && succeeds(&mut install)
}

fn packaged() -> bool {
    debian::install(&["python3-pika"])
}
