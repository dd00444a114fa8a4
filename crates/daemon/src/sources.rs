//! The sources of values.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

const SYSTEM_FILE: &str = "/etc/reelwork/config.toml";

/// Everything that a configuration is read from. By default there are only the built-in defaults.
#[derive(Clone, Default)]
pub struct Sources {
    /// Read if it exists; the user's file wins over it.
    pub system_file: Option<PathBuf>,
    /// Named by the user: they must exist; later ones win.
    pub files: Vec<PathBuf>,
    /// The environment of the process, or of a test; also for the paths of the user's files.
    pub env: BTreeMap<String, OsString>,
    /// Flags as (key, value), such as `("limits.videos", "3")`; later ones win.
    pub overrides: Vec<(String, String)>,
}

impl Sources {
    /// The environment of this process, and its command line.
    pub fn of_process(files: Vec<PathBuf>, overrides: Vec<(String, String)>) -> Self {
        let env = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
            .collect();
        Self { system_file: Some(SYSTEM_FILE.into()), files, env, overrides }
    }

    /// `$XDG_CONFIG_HOME/reelwork/config.toml`, or below `~/.config`.
    pub(crate) fn user_file(&self) -> Option<PathBuf> {
        let base = self.base_directory("XDG_CONFIG_HOME", ".config")?;
        Some(base.join("reelwork").join("config.toml"))
    }

    /// `$XDG_DATA_HOME/reelwork/reelwork.db`, or below `~/.local/share`, or here.
    pub(crate) fn data_file(&self) -> PathBuf {
        match self.base_directory("XDG_DATA_HOME", ".local/share") {
            Some(base) => base.join("reelwork").join("reelwork.db"),
            None => PathBuf::from("./reelwork.db"),
        }
    }

    /// Relative paths are ignored, as the XDG base directory specification requires.
    fn base_directory(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let absolute = |name: &str| {
            let path = Path::new(self.env.get(name)?);
            path.is_absolute().then(|| path.to_path_buf())
        };
        absolute(variable).or_else(|| Some(absolute("HOME")?.join(below_home)))
    }
}

/// Values may be secret, so only names are shown.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let overridden: Vec<_> = self.overrides.iter().map(|(key, _)| key).collect();
        f.debug_struct("Sources")
            .field("system_file", &self.system_file)
            .field("files", &self.files)
            .field("env", &self.env.keys())
            .field("overrides", &overridden)
            .finish()
    }
}

/// The source of one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf),
    /// The variable's name; for a secret from a file, the name that ends in `_FILE`.
    Environment(String),
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// The same text as for display.
impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(env: &[(&str, &str)]) -> Sources {
        let env = env.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        Sources { env: env.collect(), ..Sources::default() }
    }

    #[test]
    fn the_users_files_follow_xdg_then_home_then_nothing() {
        let xdg = with(&[("XDG_CONFIG_HOME", "/c"), ("XDG_DATA_HOME", "/d"), ("HOME", "/h")]);
        assert_eq!(xdg.user_file(), Some("/c/reelwork/config.toml".into()));
        assert_eq!(xdg.data_file(), Path::new("/d/reelwork/reelwork.db"));

        let home = with(&[("XDG_DATA_HOME", "relative"), ("HOME", "/h")]);
        assert_eq!(home.user_file(), Some("/h/.config/reelwork/config.toml".into()));
        assert_eq!(home.data_file(), Path::new("/h/.local/share/reelwork/reelwork.db"));

        assert_eq!(with(&[]).user_file(), None);
        assert_eq!(with(&[]).data_file(), Path::new("./reelwork.db"));
    }
}
