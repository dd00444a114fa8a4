//! The key of an account as its file has it now: it may be replaced while a role runs.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::config::Config;
use crate::kind::{Kind, Secret};
use crate::problem::{ConfigError, Problem};
use crate::provider_key::{self, ProviderKey};
use crate::sources::{Source, Sources};
use crate::written;

const KEY: &str = "kling.api_key";

/// Where the key of an account is read again.
#[derive(Clone, Debug)]
pub struct KeyFile(Origin);

#[derive(Clone, Debug)]
enum Origin {
    /// `kling.api_key`, from this file among the sources.
    Sources { sources: Sources, source: Source },
    /// The file of a further account.
    File { account: String, file: PathBuf },
}

impl KeyFile {
    /// `None`: the key does not come from a file, so it stays as it is. Blocking: it reads files.
    pub fn of(sources: &Sources) -> Option<Self> {
        let found = written::gather(sources).values.remove(KEY)?;
        let (sources, source) = (sources.clone(), found.source);
        is_file(&source).then_some(Self(Origin::Sources { sources, source }))
    }

    /// The same for any account; `None` also if there is no such account.
    pub fn of_account(sources: &Sources, name: &str) -> Option<Self> {
        let config = Config::load(sources).ok()?.config;
        match config.of_account(name)?.kling.api_key {
            ProviderKey::InFile { account, file } => Some(Self(Origin::File { account, file })),
            ProviderKey::Given(_) => Self::of(sources),
            ProviderKey::Unset => None,
        }
    }

    /// The error contains all problems of the sources: a file may be half written. Blocking.
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        match &self.0 {
            Origin::Sources { sources, source } => read_again(sources, source),
            Origin::File { account, file } => Ok(provider_key::of_file(account, file)?),
        }
    }
}

fn read_again(sources: &Sources, source: &Source) -> Result<SecretString, ConfigError> {
    let mut written = written::gather(sources);
    let key = match written.values.remove(KEY) {
        // Below a file that is empty for a moment there may be the key of another account.
        Some(raw) if raw.source != *source => {
            let why = format!("is not set in {source} any more");
            Err(Problem::of_key(KEY, raw.source, why))
        }
        Some(raw) => Secret.read(&raw.value).map_err(|why| Problem::of_key(KEY, raw.source, why)),
        None => Err(Problem::of_key(KEY, Source::Default, "is not set any more")),
    };
    match key {
        Ok(key) if written.problems.is_empty() => Ok(key),
        Ok(_) => Err(ConfigError { problems: written.problems }),
        Err(problem) => {
            written.problems.push(problem);
            Err(ConfigError { problems: written.problems })
        }
    }
}

fn is_file(source: &Source) -> bool {
    match source {
        Source::File(_) => true,
        Source::Environment(name) => name.ends_with("_FILE"),
        Source::Default | Source::Flag => false,
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn with(name: &str, value: &str) -> Sources {
        let env = [(name.to_owned(), value.into())].into();
        Sources { env, ..Sources::default() }
    }

    #[test]
    fn a_file_is_read_again_and_what_is_no_key_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write("first\n");
        let path = path.to_str().unwrap();
        let file = KeyFile::of(&with("REELWORK_KLING__API_KEY_FILE", path)).unwrap();
        let read = || file.read().map(|key| key.expose_secret().to_owned());
        assert_eq!(read().unwrap(), "first");
        write("second");
        assert_eq!(read().unwrap(), "second");
        for bad in ["", "two words"] {
            write(bad);
            let error = read().unwrap_err().to_string();
            assert!(error.contains("kling.api_key") && !error.contains("words "), "{error}");
        }
        std::fs::remove_file(path).unwrap();
        assert!(read().unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn a_key_of_a_configuration_file_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.toml");
        std::fs::write(&path, "kling.api_key = \"first\"").unwrap();
        let file =
            KeyFile::of(&Sources { files: vec![path.clone()], ..Sources::default() }).unwrap();
        std::fs::write(&path, "kling.api_key = \"second\"").unwrap();
        assert_eq!(file.read().unwrap().expose_secret(), "second");
        std::fs::write(&path, "kling.api_key = \"thi").unwrap();
        assert!(file.read().is_err());
    }

    #[test]
    fn the_key_of_another_source_does_not_take_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.toml");
        std::fs::write(&path, "kling.api_key = \"first\"").unwrap();
        let other = with("COMETAPI_KEY", "of-another-account");
        let file = KeyFile::of(&Sources { files: vec![path.clone()], ..other }).unwrap();
        std::fs::write(&path, "").unwrap();
        let error = file.read().unwrap_err().to_string();
        assert!(error.contains("is not set in") && !error.contains("of-another"), "{error}");
    }

    #[test]
    fn a_variable_does_not_change() {
        assert!(KeyFile::of(&with("REELWORK_KLING__API_KEY", "first")).is_none());
        assert!(KeyFile::of(&Sources::default()).is_none());
    }

    #[test]
    fn each_account_has_its_own_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
        let mut sources = with("REELWORK_KLING__API_KEY_FILE", &path("first"));
        let files = format!("second={}", path("second"));
        sources.env.insert("REELWORK_ACCOUNTS__KEY_FILES".to_owned(), files.into());
        write("first", "of-the-first");
        // The files of further accounts may come later.
        let of = |name: &str| KeyFile::of_account(&sources, name);
        let second = of("second").unwrap();
        assert!(second.read().unwrap_err().to_string().contains("account second cannot be read"));
        let read = |file: KeyFile| file.read().unwrap().expose_secret().to_owned();
        write("second", "of-the-second\n");
        assert_eq!(read(second.clone()), "of-the-second");
        write("second", "changed\n");
        assert_eq!(read(second), "changed");
        assert_eq!(read(of("default").unwrap()), "of-the-first");
        assert!(of("third").is_none());
    }

    #[test]
    fn a_variable_of_the_first_account_does_not_change_either() {
        let sources = with("REELWORK_KLING__API_KEY", "first");
        assert!(KeyFile::of_account(&sources, "default").is_none());
    }
}
