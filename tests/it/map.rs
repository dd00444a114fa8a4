//! Compares crates/README.md with the manifests and the source files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Pages that link to files.
const PAGES: [&str; 6] = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "crates/README.md",
    "deploy/README.md",
    "tests/README.md",
];

/// Crates in order, each with the workspace crates that it may use; `None` for all.
type Graph = Vec<(String, Option<BTreeSet<String>>)>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The first table of the map. Columns: crate, what it is, may use.
fn read(map: &str) -> Graph {
    let rows = map.lines().skip_while(|line| !line.starts_with("| crate |")).skip(2);
    rows.take_while(|line| line.starts_with('|')).map(row).collect()
}

fn row(line: &str) -> (String, Option<BTreeSet<String>>) {
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    let name = cells[1].split('`').nth(1).expect("a crate's name in backticks").to_owned();
    let uses = match cells[3] {
        "all" => None,
        "–" => Some(BTreeSet::new()),
        list => Some(list.split(',').map(|used| used.trim().to_owned()).collect()),
    };
    (name, uses)
}

/// The members in the manifest's order, with their normal dependencies among each other.
fn members() -> Vec<(String, BTreeSet<String>)> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |package: &Value| package["name"].as_str().expect("a name").to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages {
        let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
        let normal = dependencies.filter(|dependency| dependency["kind"].is_null()).map(name);
        let normal = normal.filter(|name| ours.contains(name)).collect();
        uses.insert(name(package), normal);
    }
    manifest_order().into_iter().map(|name| (name.clone(), uses[&name].clone())).collect()
}

/// `cargo metadata` sorts the crates; the order in the manifest is that of the table.
fn manifest_order() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("the manifest");
    let list = manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next());
    let paths = list.expect("members").split('"').skip(1).step_by(2);
    paths.filter_map(|path| Some(path.rsplit('/').next()?.to_owned())).collect()
}

/// The differences between the map and the manifests.
fn differences(map: &Graph, members: &[(String, BTreeSet<String>)]) -> Vec<String> {
    let mapped: Vec<&String> = map.iter().map(|(name, _)| name).collect();
    let listed: Vec<&String> = members.iter().map(|(name, _)| name).collect();
    let mut found = Vec::new();
    if mapped != listed {
        found.push(format!("the map lists {mapped:?}, Cargo.toml {listed:?}"));
    }
    for (name, uses) in members {
        let Some((_, Some(may))) = map.iter().find(|(mapped, _)| mapped == name) else { continue };
        if may != uses {
            found.push(format!("{name} may use {may:?} and uses {uses:?}"));
        }
    }
    found
}

#[test]
fn the_map_agrees_with_the_manifests() {
    let map = std::fs::read_to_string(root().join("crates/README.md")).expect("the map");
    let found = differences(&read(&map), &members());
    assert!(found.is_empty(), "crates/README.md differs:\n{}", found.join("\n"));
}

#[test]
fn a_wrong_map_is_noticed() {
    let members = members();
    let text = std::fs::read_to_string(root().join("crates/README.md")).expect("the map");
    let row = text.lines().find(|line| line.starts_with("| `worker`")).expect("the worker's row");
    let row = format!("{row}\n");
    let with_poller = row.replace("kling, job,", "kling, job, poller,");
    let wrong = [text.replace(&row, &with_poller), text.replace(&row, "")];
    let before = differences(&read(&text), &members);
    for (wrong, words) in wrong.iter().zip(["worker may use", "the map lists"]) {
        let found = differences(&read(wrong), &members);
        let new: Vec<_> = found.iter().filter(|found| !before.contains(found)).collect();
        assert!(new.len() == 1 && new[0].starts_with(words), "{new:?}");
    }
}

/// The map leaves out `src`.
#[test]
fn every_file_that_the_map_names_is_there() {
    let map = std::fs::read_to_string(root().join("crates/README.md")).expect("the map");
    let crates = root().join("crates");
    let in_crates = |path: &&str| {
        path.split_once('/').is_some_and(|(name, _)| crates.join(name).join("src").is_dir())
    };
    let named: Vec<&str> = map.split('`').skip(1).step_by(2).filter(in_crates).collect();
    assert!(named.len() > 20, "the map names files: {named:?}");
    let is_there = |path: &str| {
        let (name, file) = path.split_once('/').expect("a crate and a file");
        crates.join(name).join("src").join(file).exists()
    };
    let missing: Vec<_> = named.into_iter().filter(|path| !is_there(path)).collect();
    assert!(missing.is_empty(), "crates/README.md names {missing:?}");
}

#[test]
fn every_link_of_a_page_leads_to_a_file() {
    for page in PAGES {
        let text = std::fs::read_to_string(root().join(page)).expect(page);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let files = targets.filter(|target| !target.is_empty() && !target.contains("://"));
        for file in files {
            let path = root().join(page).with_file_name(file);
            assert!(path.exists(), "{page} links to {file}");
        }
    }
}

/// Worker and poller share the ledger and the types, and never depend on each other.
#[test]
fn worker_and_poller_do_not_know_each_other() {
    let members: BTreeMap<_, _> = members().into_iter().collect();
    assert!(!members["worker"].contains("poller") && !members["poller"].contains("worker"));
}

/// Crates that act on jobs: they write to the ledger only through `recorder`.
const ACTORS: [&str; 6] = ["worker", "poller", "follower", "gateway", "operator", "reelwork"];

/// The crash points forward every call of the port, so they call these methods too.
const FORWARDS: &str = "reelwork/src/crash/";

#[test]
fn only_the_recorder_writes_records() {
    let writes = |text: &str| {
        let calls: String = text.split_whitespace().collect();
        calls.contains("ledger.create(") || calls.contains("ledger.swap(")
    };
    assert!(writes("self.ledger\n    .swap(fence)"), "a call over two lines is seen");
    for actor in ACTORS {
        for path in sources(&root().join("crates").join(actor).join("src")) {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let forwards = path.to_string_lossy().contains(FORWARDS);
            assert!(forwards || !writes(&text), "{} writes a record itself", path.display());
        }
    }
}

/// Only `job` decides the state of a record. No other crate sets one, and only the recorder may
/// call the transition.
#[test]
fn only_job_decides() {
    assert!(decides("record\n    .state = State::Tombstone;"), "a state is set");
    assert!(decides("Record { state: State::Tombstone, ..record }"), "a state is written down");
    assert!(decides("#[allow(clippy::disallowed_methods)]"), "a lint is off");
    assert!(!decides("there.state == mine.state && state: State,"), "states are compared");
    for actor in ACTORS {
        for path in sources(&root().join("crates").join(actor).join("src")) {
            let text = std::fs::read_to_string(&path).expect("a source file");
            let program = text.split("#[cfg(test)]\nmod tests {").next().expect("a first part");
            let is_test = path.ends_with("tests.rs");
            assert!(is_test || !decides(program), "{} decides about a job", path.display());
        }
    }
}

fn decides(text: &str) -> bool {
    let text: String = text.split_whitespace().collect();
    ["state=State::", "state:State::", "disallowed_methods"].iter().any(|word| text.contains(word))
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}
