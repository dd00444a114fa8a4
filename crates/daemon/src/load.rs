//! From sources to a configuration, or to every problem.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::effective::Effective;
use crate::keys::{KEYS, Key, Preset};
use crate::parse::parse;
use crate::problem::{ConfigError, Problem};
use crate::raw::{self, Raw};
use crate::rules;
use crate::sources::{Source, Sources};
use crate::value::{Value, Values};

/// A configuration without problems.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// Every key, in the order of the sections.
    pub effective: Vec<Effective>,
}

impl Config {
    /// Reads defaults < system file < user's file < named files < environment < flags.
    ///
    /// Blocking: it reads files. The error holds all that is wrong, not only the first.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
        let written = raw::gather(sources);
        let mut problems = written.problems;
        let raws = with_cometapi_key(written.values, sources);
        let values = values_of(&raws, sources, &mut problems);
        problems.extend(broken_rules(&values, &raws));
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        Ok(Loaded { config: Config::of(&values)?, effective: effective(&values, &raws) })
    }
}

type Raws = BTreeMap<&'static str, Raw>;

/// The variable that the provider's own documents use.
pub const COMETAPI_KEY: &str = "COMETAPI_KEY";

/// Where no key is configured.
fn with_cometapi_key(mut raws: Raws, sources: &Sources) -> Raws {
    let told = sources.env.get(COMETAPI_KEY).and_then(|key| key.to_str());
    if let Some(key) = told.filter(|key| !key.is_empty()) {
        let source = Source::Environment(COMETAPI_KEY.to_owned());
        raws.entry("kling.api_key").or_insert(Raw { value: key.into(), source });
    }
    raws
}

/// The values that could be read; the others become problems.
fn values_of(raws: &Raws, sources: &Sources, problems: &mut Vec<Problem>) -> Values {
    let mut values = Values::default();
    for key in KEYS {
        match value_of(key, raws.get(key.name), sources) {
            Ok(value) => values.insert(key.name, value),
            Err(problem) => problems.push(problem),
        }
    }
    values
}

fn broken_rules(values: &Values, raws: &Raws) -> impl Iterator<Item = Problem> {
    let breaches = rules::breaches(values).into_iter();
    breaches.map(|breach| {
        let source = source_of(breach.key, raws);
        Problem::of_key(breach.key, source, breach.message).hint(breach.hint)
    })
}

fn effective(values: &Values, raws: &Raws) -> Vec<Effective> {
    let rows = KEYS.iter().map(|key| Effective {
        key: key.name,
        value: values.shown(key.name),
        source: source_of(key.name, raws),
    });
    rows.collect()
}

fn source_of(key: &str, raws: &Raws) -> Source {
    let raw = raws.get(key);
    raw.map_or(Source::Default, |raw| raw.source.clone())
}

fn value_of(key: &Key, raw: Option<&Raw>, sources: &Sources) -> Result<Value, Problem> {
    let Some(raw) = raw else {
        return default_of(key, sources);
    };
    parse(&key.kind, &raw.value).map_err(|misfit| {
        Problem::of_key(key.name, raw.source.clone(), misfit.message).hint(misfit.hint)
    })
}

fn default_of(key: &Key, sources: &Sources) -> Result<Value, Problem> {
    match key.default {
        Preset::Unset => Ok(Value::Unset),
        Preset::DataFile => Ok(Value::Path(sources.data_file())),
        Preset::Text(text) => parse(&key.kind, &text.into()).map_err(|misfit| {
            Problem::of_key(key.name, Source::Default, misfit.message).hint(misfit.hint)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_own_variable_is_taken_where_no_key_is_configured() {
        let with = |variables: &[(&str, &str)]| {
            let mut sources = Sources::default();
            let pairs = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).into()));
            sources.env = pairs.collect();
            let loaded = Config::load(&sources).unwrap();
            loaded.effective.into_iter().find(|row| row.key == "kling.api_key").unwrap().source
        };
        let of = |name: &str| Source::Environment(name.to_owned());
        assert_eq!(with(&[(COMETAPI_KEY, "sk-a")]), of(COMETAPI_KEY));
        let both = [(COMETAPI_KEY, "sk-a"), ("REELWORK_KLING__API_KEY", "sk-b")];
        assert_eq!(with(&both), of("REELWORK_KLING__API_KEY"));
        assert_eq!(with(&[(COMETAPI_KEY, "")]), Source::Default);
    }

    #[test]
    fn nothing_set_is_a_configuration() {
        let loaded = Config::load(&Sources::default()).unwrap();
        assert_eq!(loaded.config.limits.videos, 5);
        assert!(loaded.config.broker.url.is_embedded());
        assert_eq!(loaded.effective.len(), KEYS.len());
    }
}
