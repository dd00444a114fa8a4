//! The fixture of the tests.

use std::path::PathBuf;

use daemon::{Config, ConfigError, Effective, Loaded, Source, Sources};
use tempfile::TempDir;

/// Sources in a directory of their own.
pub(crate) struct Bench {
    pub(crate) sources: Sources,
    directory: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { sources: Sources::default(), directory: tempfile::tempdir().unwrap() }
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Adds a file as with `--config`.
    pub(crate) fn file(mut self, name: &str, text: &str) -> Self {
        let path = self.write(name, text);
        self.sources.files.push(path);
        self
    }

    pub(crate) fn system_file(mut self, text: &str) -> Self {
        self.sources.system_file = Some(self.write("etc/config.toml", text));
        self
    }

    pub(crate) fn user_file(self, text: &str) -> Self {
        self.write("home/.config/reelwork/config.toml", text);
        let home = self.directory.path().join("home");
        self.env("HOME", home.to_str().unwrap())
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.env.insert(name.into(), value.into());
        self
    }

    pub(crate) fn flag(mut self, key: &str, value: &str) -> Self {
        self.sources.overrides.push((key.into(), value.into()));
        self
    }

    pub(crate) fn load(&self) -> Result<Loaded, ConfigError> {
        Config::load(&self.sources)
    }

    pub(crate) fn config(&self) -> Config {
        self.load().unwrap().config
    }

    /// The problems as lines, with the directory's path shortened to `DIR`.
    pub(crate) fn problems(&self) -> Vec<String> {
        let error = self.load().unwrap_err().to_string();
        let directory = self.directory.path().to_str().unwrap();
        error.replace(directory, "DIR").lines().map(str::to_owned).collect()
    }

    pub(crate) fn effective(&self, key: &str) -> Effective {
        let rows = self.load().unwrap().effective;
        rows.into_iter().find(|row| row.key == key).unwrap()
    }

    pub(crate) fn source(&self, key: &str) -> Source {
        self.effective(key).source
    }
}
