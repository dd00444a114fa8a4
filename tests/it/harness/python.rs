//! A plain AMQP client of another language.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{House, Process};

/// An interpreter that has `pika`.
pub(crate) struct Python;

const PIKA: &str = "pika==1.3.2";

impl Python {
    /// Starts a script of tests/python. What it must read goes through a file of the house.
    pub(crate) fn start(house: &House, name: &str, arguments: &[&str], input: &str) -> Process {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(name);
        let input = house.file(&format!("{name}.in"), input);
        let mut command = Command::new(interpreter());
        command.arg(script).args(arguments).env("PYTHONUNBUFFERED", "1");
        command.stdin(Stdio::from(std::fs::File::open(input).expect("its input")));
        Process::spawn(command, name, house.directory())
    }
}

/// `REELWORK_TEST_PYTHON`, or `python3` if it can import pika, or an environment of our own.
fn interpreter() -> &'static Path {
    static INTERPRETER: OnceLock<PathBuf> = OnceLock::new();
    INTERPRETER.get_or_init(|| match std::env::var_os("REELWORK_TEST_PYTHON") {
        Some(path) => path.into(),
        None if has_pika(Path::new("python3")) => "python3".into(),
        None => environment(),
    })
}

fn has_pika(python: &Path) -> bool {
    let imported = Command::new(python).args(["-c", "import pika"]).stderr(Stdio::null()).status();
    imported.is_ok_and(|status| status.success())
}

fn environment() -> PathBuf {
    let tests = std::env::current_exe().expect("this program");
    let target = tests.ancestors().nth(3).expect("the target directory").to_owned();
    let directory = target.join("test-python");
    let python = directory.join("bin").join("python");
    if !has_pika(&python) {
        // Made aside and moved into place: two tests may come here at once.
        let aside = target.join(format!("test-python-{}", std::process::id()));
        make_environment(&aside);
        if std::fs::rename(&aside, &directory).is_err() {
            let _ = std::fs::remove_dir_all(&aside);
        }
        assert!(has_pika(&python), "{} has no pika", directory.display());
    }
    python
}

fn make_environment(directory: &Path) {
    let done = |mut command: Command| command.status().is_ok_and(|status| status.success());
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(directory);
    let mut install = Command::new(directory.join("bin").join("python"));
    install.args(["-m", "pip", "install", "--quiet", PIKA]);
    assert!(done(make) && done(install), "no Python with {PIKA}: set REELWORK_TEST_PYTHON to one");
}
