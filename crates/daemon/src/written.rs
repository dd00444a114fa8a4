//! All written values: files < environment < flags.

use ::config::ValueKind;

use crate::environment;
use crate::file::{self, Presence};
use crate::keys;
use crate::layer::{Layer, Raw};
use crate::sources::{Source, Sources};

/// The variable in the documents of the provider.
pub const COMETAPI_KEY: &str = "COMETAPI_KEY";

/// All layers, merged.
pub(crate) fn gather(sources: &Sources) -> Layer {
    let standard = [sources.system_file.clone(), sources.user_file()];
    let optional = standard.into_iter().flatten().map(|path| (path, Presence::Optional));
    let named = sources.files.iter().cloned().map(|path| (path, Presence::Required));
    let mut written = optional
        .chain(named)
        .map(|(path, presence)| file::layer(path, presence))
        .chain([environment::layer(&sources.env), flags(&sources.overrides)])
        .fold(Layer::default(), |below, layer| layer.over(below));
    if let Some(key) = cometapi_key(sources) {
        written.values.entry("kling.api_key").or_insert(key);
    }
    written
}

fn flags(overrides: &[(String, String)]) -> Layer {
    let mut layer = Layer::default();
    for (name, value) in overrides {
        match keys::find(name) {
            Some(key) => layer.insert(key, value.as_str().into(), Source::Flag),
            None => layer.problems.push(keys::unknown(name, Source::Flag)),
        }
    }
    layer
}

fn cometapi_key(sources: &Sources) -> Option<Raw> {
    let key = sources.env.get(COMETAPI_KEY)?.to_str()?;
    let source = Source::Environment(COMETAPI_KEY.to_owned());
    (!key.is_empty()).then(|| Raw { value: ValueKind::from(key), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_providers_own_variable_is_taken_where_no_key_is_configured() {
        let with = |variables: &[(&str, &str)]| {
            let pairs = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).into()));
            let sources = Sources { env: pairs.collect(), ..Sources::default() };
            gather(&sources).values.remove("kling.api_key").map(|raw| raw.source)
        };
        let of = |name: &str| Some(Source::Environment(name.to_owned()));
        assert_eq!(with(&[(COMETAPI_KEY, "sk-a")]), of(COMETAPI_KEY));
        let both = [(COMETAPI_KEY, "sk-a"), ("REELWORK_KLING__API_KEY", "sk-b")];
        assert_eq!(with(&both), of("REELWORK_KLING__API_KEY"));
        assert_eq!(with(&[(COMETAPI_KEY, "")]), None);
    }
}
