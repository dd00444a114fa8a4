//! Scripts in Node: plain clients and readers.

use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{Environment, Process};

/// A Node that has the modules of tests/node/package.json.
pub(crate) struct Node;

impl Node {
    /// Starts a script. Its input is passed in a file.
    pub(crate) fn start(
        environment: &Environment,
        script: &Path,
        arguments: &[&str],
        input: &str,
    ) -> Process {
        let name = script.file_name().expect("a script").to_string_lossy().into_owned();
        let input = environment.file(&format!("{name}.in"), input);
        let mut command = Command::new("node");
        command.arg(script).args(arguments).env("NODE_PATH", modules());
        command.current_dir(environment.directory());
        command.stdin(Stdio::from(std::fs::File::open(input).expect("its input")));
        Process::spawn(command, &name, environment.directory())
    }

    /// A script of tests/node.
    pub(crate) fn of_tests(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("node").join(name)
    }
}

/// `REELWORK_TEST_NODE_MODULES`, or a directory below `target`.
fn modules() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| match std::env::var_os("REELWORK_TEST_NODE_MODULES") {
        Some(path) => path.into(),
        None => own(),
    })
}

/// Named after its content, so that an existing one is never changed.
fn own() -> PathBuf {
    let tests = std::env::current_exe().expect("this program");
    let target = tests.ancestors().nth(3).expect("the target directory").to_owned();
    let wanted = Node::of_tests("package.json");
    let mut hasher = std::hash::DefaultHasher::new();
    std::fs::read(&wanted).expect("package.json").hash(&mut hasher);
    let directory = target.join(format!("test-node-{:016x}", hasher.finish()));
    if !directory.exists() {
        // Created under another name, then moved, because two tests may do this at the same time.
        let aside = target.join(format!("test-node-{}", std::process::id()));
        install(&aside, &wanted);
        if std::fs::rename(&aside, &directory).is_err() {
            let _ = std::fs::remove_dir_all(&aside);
        }
    }
    let modules = directory.join("node_modules");
    assert!(modules.exists(), "{} is not there", modules.display());
    modules
}

fn install(directory: &Path, wanted: &Path) {
    std::fs::create_dir_all(directory).expect("a directory");
    std::fs::copy(wanted, directory.join("package.json")).expect("package.json");
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
    let done = npm.current_dir(directory).status().is_ok_and(|status| status.success());
    assert!(
        done,
        "no Node modules: install Node 18 or newer and npm, or set REELWORK_TEST_NODE_MODULES"
    );
}
