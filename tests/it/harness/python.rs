//! Scripts in Python.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{Environment, Process};

/// An interpreter that has the packages.
pub(crate) struct Python;

const PACKAGES: [&str; 4] = [
    "pika==1.3.2",
    "jsonschema>=4,<5",
    "opentelemetry-sdk>=1.30,<2",
    "opentelemetry-exporter-otlp-proto-http>=1.30,<2",
];

const IMPORTS: &str = "import pika, jsonschema, opentelemetry.exporter.otlp.proto.http";

impl Python {
    /// Starts a script of tests/python.
    pub(crate) fn start(
        environment: &Environment,
        name: &str,
        arguments: &[&str],
        input: &str,
    ) -> Process {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name);
        Self::play(environment, &script, arguments, input)
    }

    /// Starts any script. Its input is passed in a file.
    pub(crate) fn play(
        environment: &Environment,
        script: &Path,
        arguments: &[&str],
        input: &str,
    ) -> Process {
        Self::play_with(environment, script, arguments, input, &[])
    }

    /// As [`play`](Self::play), with variables.
    pub(crate) fn play_with(
        environment: &Environment,
        script: &Path,
        arguments: &[&str],
        input: &str,
        variables: &[(&str, &str)],
    ) -> Process {
        let name = script.file_name().expect("a script").to_string_lossy().into_owned();
        let input = environment.file(&format!("{name}.in"), input);
        let mut command = Command::new(interpreter());
        command.arg(script).args(arguments).env("PYTHONUNBUFFERED", "1");
        command.envs(variables.iter().copied());
        command.current_dir(environment.directory());
        command.stdin(Stdio::from(std::fs::File::open(input).expect("its input")));
        Process::spawn(command, &name, environment.directory())
    }
}

/// `REELWORK_TEST_PYTHON`, or `python3` if it can import them, or an environment below `target`.
fn interpreter() -> &'static Path {
    static INTERPRETER: OnceLock<PathBuf> = OnceLock::new();
    INTERPRETER.get_or_init(|| match std::env::var_os("REELWORK_TEST_PYTHON") {
        Some(path) => path.into(),
        None if has_packages(Path::new("python3")) => "python3".into(),
        None => virtual_environment(),
    })
}

fn has_packages(python: &Path) -> bool {
    let imported = Command::new(python).args(["-c", IMPORTS]).stderr(Stdio::null()).status();
    imported.is_ok_and(|status| status.success())
}

fn virtual_environment() -> PathBuf {
    let tests = std::env::current_exe().expect("this program");
    let target = tests.ancestors().nth(3).expect("the target directory").to_owned();
    let directory = target.join("test-python-readers");
    let python = directory.join("bin").join("python");
    if !has_packages(&python) {
        // Created under another name, then moved, because two tests may do this at the same time.
        let aside = target.join(format!("test-python-readers-{}", std::process::id()));
        make_environment(&aside);
        if std::fs::rename(&aside, &directory).is_err() {
            let _ = std::fs::remove_dir_all(&aside);
        }
        assert!(has_packages(&python), "{} lacks a package", directory.display());
    }
    python
}

fn make_environment(directory: &Path) {
    let done = |mut command: Command| command.status().is_ok_and(|status| status.success());
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(directory);
    let mut install = Command::new(directory.join("bin").join("python"));
    install.args(["-m", "pip", "install", "--quiet"]).args(PACKAGES);
    let made = done(make) && done(install);
    assert!(made, "no Python with {PACKAGES:?}: set REELWORK_TEST_PYTHON to one");
}
