//! The keys of the gateway's clients, read again when their file changes.

use std::time::Duration;

use api_keys::{FileError, KeyFile, KeyRing, Keys, Stamp};
use tokio::task::JoinHandle;

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(500);

pub(crate) struct ClientKeys {
    file: KeyFile,
    ring: KeyRing,
    /// Of the version that was read last, whether it could be used or not.
    stamp: Option<Stamp>,
}

impl ClientKeys {
    /// Blocking: it reads a small file.
    pub(crate) fn open(file: KeyFile) -> Result<Self, FileError> {
        // Before the content: a change in between is read again.
        let stamp = Some(file.stamp()?);
        let ring = KeyRing::new(file.read()?.into_iter().collect());
        Ok(Self { file, ring, stamp })
    }

    pub(crate) fn ring(&self) -> KeyRing {
        self.ring.clone()
    }

    /// Until it is aborted.
    pub(crate) fn watch(mut self) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut problem = None;
            loop {
                tokio::time::sleep(LOOK).await;
                let file = self.file.clone();
                let stamp = self.stamp;
                // None: the runtime ends.
                let Ok(read) = tokio::task::spawn_blocking(move || changed(&file, stamp)).await
                else {
                    return;
                };
                problem = self.take(read, problem);
            }
        })
    }

    /// The keys stay as they were while the file cannot be read. Returns the problem, if there is one.
    fn take(&mut self, read: Read, before: Option<String>) -> Option<String> {
        match read {
            Read::Same => before,
            Read::Changed(stamp, Ok(keys)) => {
                self.stamp = Some(stamp);
                self.ring.replace(keys);
                tracing::info!(file = %self.file.path().display(), "the clients' keys were read again");
                None
            }
            Read::Changed(stamp, Err(error @ FileError::Content { .. })) => {
                self.stamp = Some(stamp);
                Some(warn_once(&error, before))
            }
            // It may be readable the next time.
            Read::Changed(_, Err(error @ FileError::Io { .. })) | Read::Failed(error) => {
                Some(warn_once(&error, before))
            }
        }
    }
}

fn warn_once(error: &FileError, before: Option<String>) -> String {
    let error = error.to_string();
    if before.as_ref() != Some(&error) {
        tracing::warn!(error, "the clients' keys stay as they were");
    }
    error
}

enum Read {
    Same,
    Changed(Stamp, Result<Keys, FileError>),
    /// It is not there, or not to be looked at.
    Failed(FileError),
}

fn changed(file: &KeyFile, before: Option<Stamp>) -> Read {
    match file.stamp() {
        Ok(stamp) if Some(stamp) == before => Read::Same,
        Ok(stamp) => Read::Changed(stamp, file.read().map(|keys| keys.into_iter().collect())),
        Err(error) => Read::Failed(error),
    }
}
