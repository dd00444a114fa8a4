//! What was written, layer over layer, before anything is read from it.

use std::collections::BTreeMap;

use ::config::ValueKind;

use crate::environment;
use crate::file::{self, Presence};
use crate::keys::{self, KEYS, Key};
use crate::nearest::nearest;
use crate::problem::Problem;
use crate::sources::{Source, Sources};

/// A value as it was written, and where.
pub(crate) struct Raw {
    pub(crate) value: ValueKind,
    pub(crate) source: Source,
}

/// What one source says, and what is wrong with it as a whole.
#[derive(Default)]
pub(crate) struct Layer {
    pub(crate) values: BTreeMap<&'static str, Raw>,
    pub(crate) problems: Vec<Problem>,
}

impl Layer {
    pub(crate) fn insert(&mut self, key: &'static Key, value: ValueKind, source: Source) {
        self.values.insert(key.name, Raw { value, source });
    }

    /// Merged by key and not by the builder of `config`, which keeps no exact source for a value.
    fn over(mut self, below: Self) -> Self {
        let mut merged = below;
        merged.values.append(&mut self.values);
        merged.problems.append(&mut self.problems);
        merged
    }
}

/// All layers on top of each other: files < environment < flags.
pub(crate) fn gather(sources: &Sources) -> Layer {
    let standard = [sources.system_file.clone(), sources.user_file()];
    let optional = standard.into_iter().flatten().map(|path| (path, Presence::Optional));
    let named = sources.files.iter().cloned().map(|path| (path, Presence::Required));
    optional
        .chain(named)
        .map(|(path, presence)| file::layer(path, presence))
        .chain([environment::layer(&sources.env), flags(&sources.overrides)])
        .fold(Layer::default(), |below, layer| layer.over(below))
}

fn flags(overrides: &[(String, String)]) -> Layer {
    let mut layer = Layer::default();
    for (name, value) in overrides {
        match keys::find(name) {
            Some(key) => layer.insert(key, value.as_str().into(), Source::Flag),
            None => layer.problems.push(unknown_key(name, Source::Flag)),
        }
    }
    layer
}

/// The value is not shown: it may be a secret under a mistyped name.
pub(crate) fn unknown_key(name: &str, source: Source) -> Problem {
    let problem = Problem::of_key(name, source, "unknown key");
    if keys::is_section(name) {
        return problem.hint(format!("it is a section: write [{name}]"));
    }
    match nearest(name, KEYS.iter().map(|key| key.name)) {
        Some(known) => problem.hint(format!("did you mean {known}?")),
        None => problem,
    }
}
