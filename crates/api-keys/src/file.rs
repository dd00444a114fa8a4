//! The file of keys: read by gateways, changed by an operator's commands.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::entry::ApiKey;
use crate::row::{Row, Rows};

/// A thousand keys need a third of it.
const MOST_BYTES: u64 = 1024 * 1024;

const HEAD: &str = "# Keys of the gateway's clients. `reelwork keys` changes this file; its comments are not kept.\n\n";

/// Where the keys are. What it shows is no secret: hashes, unless there are pairs of keys.
#[derive(Clone, Debug)]
pub struct KeyFile(PathBuf);

/// Which version of a file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    file: (u64, u64),
    /// Content, then also owner and mode.
    changed: [i64; 4],
    bytes: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{}: {error}", .path.display())]
    Io { path: PathBuf, error: io::Error },
    /// Not a text of it is shown: it may be a secret.
    #[error("{}: {why}", .path.display())]
    Content { path: PathBuf, why: String },
}

impl KeyFile {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Changes when the file is changed or replaced. Blocking.
    pub fn stamp(&self) -> Result<Stamp, FileError> {
        let facts = fs::metadata(&self.0).map_err(|error| self.io(error))?;
        let changed = [facts.mtime(), facts.mtime_nsec(), facts.ctime(), facts.ctime_nsec()];
        Ok(Stamp { file: (facts.dev(), facts.ino()), changed, bytes: facts.len() })
    }

    /// Whether everybody on the machine may read it. Blocking.
    pub fn is_open_to_all(&self) -> bool {
        fs::metadata(&self.0).is_ok_and(|facts| facts.permissions().mode() & 0o007 != 0)
    }

    /// In the order of the file. Blocking.
    pub fn read(&self) -> Result<Vec<ApiKey>, FileError> {
        let mut text = String::new();
        let file = File::open(&self.0).map_err(|error| self.io(error))?;
        file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| self.io(error))?;
        match text.len() as u64 <= MOST_BYTES {
            true => parse(&text).map_err(|why| self.content(why)),
            false => Err(self.content("it is larger than 1 MiB".to_owned())),
        }
    }

    /// Changes the keys and writes all of them; a reader sees those before or those after. A file that
    /// is not there has none. Two changes at once follow one another. Blocking.
    pub fn change<T, E: From<FileError>>(
        &self,
        change: impl FnOnce(&mut Vec<ApiKey>) -> Result<T, E>,
    ) -> Result<T, E> {
        // The place behind a link, so that the link stays.
        let place = fs::canonicalize(&self.0).unwrap_or_else(|_| self.0.clone());
        let _alone = alone(&place).map_err(|error| self.io(error))?;
        let mut keys = match self.read() {
            Err(FileError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => vec![],
            read => read?,
        };
        let done = change(&mut keys)?;
        let text = write(&keys).map_err(|why| self.content(why))?;
        if text.len() as u64 > MOST_BYTES {
            let why = "it would be larger than 1 MiB: remove keys that were revoked".to_owned();
            return Err(self.content(why).into());
        }
        replace(&place, &text).map_err(|error| self.io(error))?;
        Ok(done)
    }

    fn io(&self, error: io::Error) -> FileError {
        FileError::Io { path: self.0.clone(), error }
    }

    fn content(&self, why: String) -> FileError {
        FileError::Content { path: self.0.clone(), why }
    }
}

/// Until it is dropped, others wait. The directory is locked, because the file is replaced.
fn alone(place: &Path) -> io::Result<File> {
    let directory = File::open(directory(place))?;
    fs4::FileExt::lock(&directory)?;
    Ok(directory)
}

fn directory(place: &Path) -> &Path {
    match place.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// With the owner and the mode of the file before, or for its owner alone.
fn replace(place: &Path, text: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(directory(place))?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(place) {
        let now = file.as_file().metadata()?;
        if (before.uid(), before.gid()) != (now.uid(), now.gid()) {
            fchown(file.as_file(), Some(before.uid()), Some(before.gid()))?;
        }
        let mode = Permissions::from_mode(before.permissions().mode() & 0o7777);
        file.as_file().set_permissions(mode)?;
    }
    file.as_file().sync_all()?;
    file.persist(place).map_err(|error| error.error)?;
    File::open(directory(place))?.sync_all()
}

fn parse(text: &str) -> Result<Vec<ApiKey>, String> {
    // The error of the parser would show the line.
    let rows: Rows = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        format!("{place}{}", shown(error.message()))
    })?;
    let keys: Vec<_> = rows.key.into_iter().map(Row::read).collect::<Result<_, _>>()?;
    let mut ids = BTreeSet::new();
    match keys.iter().find(|key| !ids.insert(&key.id)) {
        Some(twice) => Err(format!("key {} is there twice", twice.id)),
        None => Ok(keys),
    }
}

/// Other messages have the value in them.
fn shown(message: &str) -> &str {
    const WITHOUT_VALUES: [&str; 5] = [
        "unknown field",
        "missing field",
        "is not RFC 3339",
        "is not an amount",
        "signing_secret is",
    ];
    match WITHOUT_VALUES.iter().any(|begin| message.starts_with(begin)) {
        true => message,
        false => "it is not as `reelwork keys create` writes it",
    }
}

fn write(keys: &[ApiKey]) -> Result<String, String> {
    let rows = Rows { key: keys.iter().map(Row::of).collect() };
    let text = toml::to_string(&rows).map_err(|error| error.to_string())?;
    Ok(format!("{HEAD}{text}"))
}

#[cfg(test)]
mod tests;
