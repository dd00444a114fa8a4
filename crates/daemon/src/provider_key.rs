//! The provider's key, and the file that it is read from.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::kind::{Kind, Secret};
use crate::problem::Problem;
use crate::secret_file;
use crate::sources::Source;

const FILES: &str = "accounts.key_files";

/// The key of one account.
#[derive(Clone, Debug, Default)]
pub enum ProviderKey {
    #[default]
    Unset,
    Given(SecretString),
    /// That of a further account: read only where it is needed, so that others need no right to it.
    InFile {
        account: String,
        file: PathBuf,
    },
}

impl From<SecretString> for ProviderKey {
    fn from(key: SecretString) -> Self {
        Self::Given(key)
    }
}

impl ProviderKey {
    /// For a process that calls the provider. Blocking: it may read a file.
    pub fn require(&self) -> Result<SecretString, Problem> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::InFile { account, file } => of_file(account, file),
            Self::Unset => {
                let unset = "is not set and is needed here";
                Err(Problem::of_key("kling.api_key", Source::Default, unset)
                    .hint("set REELWORK_KLING__API_KEY, or REELWORK_KLING__API_KEY_FILE to a path"))
            }
        }
    }
}

/// The path is not shown: it may be the secret itself, in the wrong place.
pub(crate) fn of_file(account: &str, file: &Path) -> Result<SecretString, Problem> {
    let problem = |why: String| {
        let message = format!("the key of account {account} {why}");
        Problem::of_key(FILES, Source::Default, message)
            .hint("its file has the key in one line, and nothing else")
    };
    let text = secret_file::read(file.as_os_str())
        .map_err(|error| problem(format!("cannot be read from its file: {error}")))?;
    Secret.read(&text.into()).map_err(problem)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_file_holds_one_key_and_what_is_wrong_with_it_shows_nothing_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key-canary");
        let key = ProviderKey::InFile { account: "second".into(), file: file.clone() };
        let told = |key: &ProviderKey| {
            let error = key.require().unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
            error
        };
        let missing = "accounts.key_files: the key of account second cannot be read from its file";
        assert!(told(&key).starts_with(missing), "{}", told(&key));
        for (text, why) in [("", "is empty"), ("canary\ncanary\n", "holds a space, a line break")] {
            std::fs::write(&file, text).unwrap();
            let expected = format!("accounts.key_files: the key of account second {why}");
            assert!(told(&key).starts_with(&expected), "{}", told(&key));
        }
        std::fs::write(&file, "canary\r\n").unwrap();
        assert_eq!(key.require().unwrap().expose_secret(), "canary");
    }

    #[test]
    fn a_key_that_is_not_set_names_its_variables() {
        let error = ProviderKey::Unset.require().unwrap_err().to_string();
        assert!(error.contains("kling.api_key: is not set and is needed here"), "{error}");
        let given = ProviderKey::from(SecretString::from("a"));
        assert_eq!(given.require().unwrap().expose_secret(), "a");
    }
}
