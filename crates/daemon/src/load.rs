//! Reads the sources into a configuration, or into a list of problems.

use crate::config::Config;
use crate::effective::Effective;
use crate::problem::ConfigError;
use crate::reader::Reader;
use crate::rules;
use crate::sources::Sources;
use crate::written;

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
    /// Blocking: it reads files. The error contains all problems, not only the first.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
        let written = written::gather(sources);
        let mut problems = written.problems;
        let mut reader = Reader::new(sources, written.values);
        let config = Self::read(&mut reader);
        problems.append(&mut reader.problems);
        problems.extend(config.iter().flat_map(|config| rules::broken(config, &reader)));
        match config {
            Some(config) if problems.is_empty() => {
                Ok(Loaded { config, effective: reader.effective })
            }
            _ => Err(ConfigError { problems }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KEYS;

    #[test]
    fn nothing_set_is_a_configuration() {
        let loaded = Config::load(&Sources::default()).unwrap();
        assert_eq!(loaded.config.limits.videos.most(0), 5);
        assert!(loaded.config.broker.url.is_embedded());
        let read: Vec<_> = loaded.effective.iter().map(|row| row.key).collect();
        let keys: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        assert_eq!(read, keys);
    }
}
