//! An AMQP client, a schema validator and an OpenTelemetry SDK in Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian;
use crate::process::{output, say, succeeds};
use crate::workspace::Workspace;

/// The variable with the path of an interpreter that has the packages.
pub(crate) const VARIABLE: &str = "REELWORK_TEST_PYTHON";

const PACKAGES: [&str; 4] = [
    "pika==1.3.2",
    "jsonschema>=4,<5",
    "opentelemetry-sdk>=1.30,<2",
    "opentelemetry-exporter-otlp-proto-http>=1.30,<2",
];

const IMPORTS: &str = "import pika, jsonschema, opentelemetry.exporter.otlp.proto.http";

/// An interpreter with the packages: from the environment variable, the system's, or one in our own
/// environment below the target directory, for which Debian needs a package.
pub(crate) fn ready(workspace: &Workspace) -> Option<PathBuf> {
    let own = workspace.target().join("test-python-readers");
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let found =
        named.or_else(|| with_packages(Path::new("python3"))).or_else(|| in_environment(&own));
    if found.is_none() {
        say(format!(
            "no Python with {PACKAGES:?}: tests between languages will fail; set {VARIABLE}"
        ));
    }
    found
}

fn in_environment(directory: &Path) -> Option<PathBuf> {
    let python = directory.join("bin").join("python");
    with_packages(&python).or_else(|| {
        let made = make(directory) || (debian::install(&["python3-venv"]) && make(directory));
        made.then(|| with_packages(&python)).flatten()
    })
}

/// Its absolute path, if it exists and has the packages.
fn with_packages(python: &Path) -> Option<PathBuf> {
    let script = format!("{IMPORTS}, sys; print(sys.executable)");
    output(Command::new(python).args(["-c", &script])).map(PathBuf::from)
}

fn make(directory: &Path) -> bool {
    say(format!("Python: {PACKAGES:?} into {}", directory.display()));
    let python = directory.join("bin").join("python");
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(directory);
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.args(PACKAGES);
    succeeds(&mut make) && succeeds(&mut install)
}
