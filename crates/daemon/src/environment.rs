//! The environment as a layer of the configuration.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use ::config::{Environment, Map, Source as _, ValueKind};

use crate::config::KEYS;
use crate::key::Key;
use crate::keys;
use crate::layer::Layer;
use crate::nearest::nearest;
use crate::problem::Problem;
use crate::secret_file;
use crate::sources::Source;

const PREFIX: &str = "REELWORK_";
/// Read by tests, never by the program.
const TESTS: &str = "REELWORK_TEST_";
/// Short for `telemetry.log`; it wins over the long name.
const LOG: &str = "REELWORK_LOG";

/// The purpose of a variable.
enum Use {
    Value,
    /// Its value is the path of a file with the secret.
    SecretFile(&'static Key),
    Unknown,
}

/// An empty variable counts as unset.
pub(crate) fn layer(env: &BTreeMap<String, OsString>) -> Layer {
    let mut layer = Layer::default();
    let mut values = Map::new();
    for (name, value) in ours(env) {
        match use_of(name) {
            Use::Value => match value.to_str() {
                Some(text) => values.extend([(name.to_owned(), text.to_owned())]),
                None => layer.problems.push(of_variable(name, "is not UTF-8")),
            },
            Use::SecretFile(key) => secret_file(&mut layer, env, key, name, value),
            Use::Unknown => layer.problems.push(unknown(name)),
        }
    }
    insert_values(&mut layer, values);
    layer
}

fn ours(env: &BTreeMap<String, OsString>) -> impl Iterator<Item = (&str, &OsStr)> {
    env.iter().map(|(name, value)| (name.as_str(), value.as_os_str())).filter(|(name, value)| {
        name.to_uppercase().starts_with(PREFIX) && !name.starts_with(TESTS) && !value.is_empty()
    })
}

fn use_of(name: &str) -> Use {
    let named = |name: &str| KEYS.iter().find(|key| key.variable() == name);
    if name == LOG || named(name).is_some() {
        return Use::Value;
    }
    match name.strip_suffix("_FILE").and_then(named) {
        Some(key) if key.kind.is_secret() => Use::SecretFile(key),
        _ => Use::Unknown,
    }
}

/// Values stay text: `try_parsing` would turn the secret `00012345` into a number.
fn insert_values(layer: &mut Layer, mut values: Map<String, String>) {
    let log = values.remove(LOG);
    let names: BTreeMap<_, _> = KEYS.iter().map(|key| (key.name, key.variable())).collect();
    let environment = Environment::with_prefix("REELWORK")
        .prefix_separator("_")
        .separator("__")
        .ignore_empty(true)
        .source(Some(values));
    for (name, value) in environment.collect().unwrap_or_default() {
        if let Some(key) = keys::find(&name) {
            let variable = names.get(key.name).cloned().unwrap_or_default();
            layer.insert(key, value.kind, Source::Environment(variable));
        }
    }
    if let (Some(key), Some(log)) = (keys::find("telemetry.log"), log) {
        layer.insert(key, log.into(), Source::Environment(LOG.into()));
    }
}

fn secret_file(
    layer: &mut Layer,
    env: &BTreeMap<String, OsString>,
    key: &'static Key,
    name: &str,
    path: &OsStr,
) {
    let source = Source::Environment(name.to_owned());
    let direct = key.variable();
    if env.get(&direct).is_some_and(|value| !value.is_empty()) {
        let both = format!("{direct} and {name} are both set");
        let problem = Problem::of_key(key.name, source, both).hint("unset one of them");
        return layer.problems.push(problem);
    }
    match secret_file::read(path) {
        Ok(text) => layer.insert(key, contents(key, text), source),
        // The path is not shown: it may be the secret itself, in the wrong variable.
        Err(error) => {
            let message = format!("the file that it names cannot be read: {error}");
            layer.problems.push(Problem::of_key(key.name, source, message));
        }
    }
}

/// A list has one secret per line.
fn contents(key: &Key, text: String) -> ValueKind {
    if key.kind.is_list() {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        return lines.into();
    }
    text.into()
}

fn of_variable(name: &str, message: &str) -> Problem {
    Problem::of_source(Source::Environment(name.to_owned()), message)
}

fn unknown(name: &str) -> Problem {
    let problem = of_variable(name, "unknown variable");
    let variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
    if is_service_link(name) {
        return problem.hint("if Kubernetes set it, set enableServiceLinks to false in the pod");
    }
    if name.strip_suffix("_FILE").is_some_and(|name| variables.iter().any(|v| v == name)) {
        return problem.hint("only secrets can be read from a file");
    }
    match nearest(name, variables.iter().map(String::as_str)) {
        Some(known) => problem.hint(format!("did you mean {known}?")),
        None => problem,
    }
}

/// `REELWORK_..._SERVICE_HOST`, `..._SERVICE_PORT`, `..._PORT`, `..._PORT_8081_TCP_ADDR`.
fn is_service_link(name: &str) -> bool {
    let parts = ["_SERVICE_HOST", "_SERVICE_PORT", "_TCP"];
    let linked = name.ends_with("_PORT") || parts.iter().any(|part| name.contains(part));
    linked && !name.contains("__")
}
