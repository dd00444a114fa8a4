use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs4::TryLockError;

/// Younger files may belong to a process that is starting.
const SWEEP_AGE: Duration = Duration::from_secs(60);

/// The directory beside the database where every living process holds a lock on a file.
#[derive(Clone, Debug)]
pub(crate) struct Locks {
    dir: PathBuf,
}

/// A lock that this process holds; the operating system frees it when the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: Option<File>,
    path: PathBuf,
}

/// This process's lock, and the directory with those of the others.
pub(crate) struct Present {
    pub(crate) locks: Locks,
    pub(crate) lock: Option<Lock>,
}

impl Locks {
    pub(crate) fn beside(database: &Path) -> io::Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push(".locks");
        let dir = PathBuf::from(name);
        create_private_dir(&dir)?;
        Ok(Self { dir })
    }

    pub(crate) fn hold(&self, name: &str) -> io::Result<Lock> {
        let path = self.dir.join(name);
        let file = private_file().create_new(true).open(&path)?;
        fs4::FileExt::try_lock(&file)?;
        Ok(Lock { _file: Some(file), path })
    }

    /// Takes the lock of a dead process, so that only one process reclaims it. `None` if it lives,
    /// or if that is unknown.
    pub(crate) fn seize(&self, name: &str) -> Option<Lock> {
        let path = self.dir.join(name);
        match File::open(&path) {
            Ok(file) => lock_if_free(&file).then(|| Lock { _file: Some(file), path }),
            // A missing file is not locked: the database was copied or restored.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Some(Lock { _file: None, path })
            }
            Err(_) => None,
        }
    }

    /// Removes unlocked files of processes that died before they were listed.
    pub(crate) fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.dir) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_old(&entry)
                && let Some(lock) = self.seize(&name)
            {
                lock.remove();
            }
        }
    }
}

impl Lock {
    pub(crate) fn remove(self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::debug!(path = %self.path.display(), %error, "a lock file stays");
        }
    }
}

fn lock_if_free(file: &File) -> bool {
    match fs4::FileExt::try_lock(file) {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, "a lock file cannot be tried");
            false
        }
    }
}

fn is_old(entry: &fs::DirEntry) -> bool {
    let changed = entry.metadata().and_then(|data| data.modified());
    let age = changed.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
    age.is_ok_and(|age| age > SWEEP_AGE)
}

/// Readable only by its owner: the database contains prompts.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

pub(crate) fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_seized_only_once_its_holder_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let locks = Locks::beside(&dir.path().join("x.db")).unwrap();
        let held = locks.hold("one").unwrap();
        assert!(locks.seize("one").is_none());
        drop(held);
        let seized = locks.seize("one").unwrap();
        assert!(locks.seize("one").is_none(), "only one reclaims it");
        seized.remove();
        assert!(!dir.path().join("x.db.locks/one").exists());
        assert!(locks.seize("never").is_some());
    }

    #[test]
    fn a_sweep_takes_old_free_files_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let locks = Locks::beside(&dir.path().join("x.db")).unwrap();
        let old = SystemTime::now() - SWEEP_AGE * 2;
        for name in ["stale", "young", "held"] {
            let lock = locks.hold(name).unwrap();
            let file = lock._file.as_ref().unwrap();
            file.set_modified(if name == "young" { SystemTime::now() } else { old }).unwrap();
            if name == "held" {
                std::mem::forget(lock);
            }
        }
        locks.sweep();
        let mut left: Vec<_> = fs::read_dir(&locks.dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["held", "young"]);
    }
}
