//! Reads one key after the other, and collects values and problems.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::effective::Effective;
use crate::kind::Kind;
use crate::layer::Raw;
use crate::problem::Problem;
use crate::sources::{Source, Sources};

pub(crate) struct Reader<'a> {
    sources: &'a Sources,
    written: BTreeMap<&'static str, Raw>,
    /// In the order in which the keys were read.
    pub(crate) effective: Vec<Effective>,
    pub(crate) problems: Vec<Problem>,
    /// Keys whose written value could not be read.
    unread: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(sources: &'a Sources, written: BTreeMap<&'static str, Raw>) -> Self {
        let (effective, problems, unread) = Default::default();
        Self { sources, written, effective, problems, unread }
    }

    pub(crate) fn or_text<K: Kind>(
        &mut self,
        name: &'static str,
        kind: &K,
        default: &str,
    ) -> Option<K::Value> {
        self.read(name, kind, || kind.read(&default.into()).map(Some))
    }

    pub(crate) fn or_unset<K: Kind, F: Default + From<K::Value>>(
        &mut self,
        name: &'static str,
        kind: &K,
    ) -> Option<F> {
        Some(self.read(name, kind, || Ok(None)).map(F::from).unwrap_or_default())
    }

    pub(crate) fn or_data_file<K: Kind<Value = PathBuf>>(
        &mut self,
        name: &'static str,
        kind: &K,
    ) -> Option<PathBuf> {
        let sources = self.sources;
        self.read(name, kind, || Ok(Some(sources.data_file())))
    }

    /// A value that cannot be read becomes a problem, and the default is used instead.
    fn read<K: Kind>(
        &mut self,
        name: &'static str,
        kind: &K,
        default: impl Fn() -> Result<Option<K::Value>, String>,
    ) -> Option<K::Value> {
        let read = match self.written.get(name) {
            Some(raw) => kind.read(&raw.value).map(Some),
            None => default(),
        };
        let source = self.source(name);
        let value = read.or_else(|message| {
            let problem = Problem::of_key(name, source.clone(), message);
            self.problems.push(problem.hint(format!("write {}", kind.wanted())));
            self.unread.push(name);
            default()
        });
        let value = value.ok().flatten();
        let shown = value.as_ref().map(|value| kind.shown(value));
        self.effective.push(Effective { key: name, value: shown, source });
        value
    }

    pub(crate) fn source(&self, name: &str) -> Source {
        self.written.get(name).map_or(Source::Default, |raw| raw.source.clone())
    }

    pub(crate) fn could_read(&self, names: &[&'static str]) -> bool {
        !names.iter().any(|name| self.unread.contains(name))
    }
}
