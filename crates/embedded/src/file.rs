use std::fs;
use std::io;
use std::path::PathBuf;

use crate::error::StoreError;

/// The path of the file, and its inode when it was opened.
pub(crate) struct DatabaseFile {
    pub(crate) path: PathBuf,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl DatabaseFile {
    pub(crate) fn of(path: PathBuf) -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            inode: inode(&path)?,
            path,
        })
    }

    /// SQLite continues to write into a removed file, and all of it would be lost.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let gone = |what: &str| {
            let path = self.path.display();
            Err(StoreError::NotDone(format!("{path} {what}")))
        };
        #[cfg(unix)]
        match inode(&self.path) {
            Ok(found) if found == self.inode => {}
            Ok(_) => return gone("was replaced by another file"),
            Err(error) => return gone(&format!("cannot be found: {error}")),
        }
        #[cfg(not(unix))]
        if !self.path.exists() {
            return gone("cannot be found");
        }
        Ok(())
    }
}

#[cfg(unix)]
fn inode(path: &std::path::Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let data = fs::metadata(path)?;
    Ok((data.dev(), data.ino()))
}
