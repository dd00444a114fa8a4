//! The file of the state: one JSON line per change, so that a simulator that was killed finds its
//! tasks again. A kill can leave only the last line incomplete.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Tally;
use crate::sessions::Purpose;
use crate::task::Facts;

/// One change, and the counts after it.
#[derive(Serialize, Deserialize)]
pub(super) struct Change<'a> {
    pub(super) at_us: u64,
    pub(super) what: What<'a>,
    pub(super) tally: Cow<'a, Tally>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What<'a> {
    /// A submission of the job; its task, when it was accepted at once.
    Submission { job: Cow<'a, str>, task: Option<Task<'a>> },
    /// The task of a submission that got no response.
    Late(Task<'a>),
    /// An editing session was opened.
    Session { id: Cow<'a, str>, purpose: Purpose },
    /// Only the counts changed.
    Counts,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Task<'a> {
    pub(super) facts: Cow<'a, Facts>,
    pub(super) hidden_looks: u32,
    pub(super) backwards: bool,
}

/// The open file.
#[derive(Debug)]
pub(super) struct Paper {
    path: PathBuf,
    file: File,
    /// The length of all complete lines, in bytes.
    length: u64,
}

impl Paper {
    /// Passes every line to `read`, in order. An incomplete last line is cut off.
    pub(super) fn open(path: &Path, mut read: impl FnMut(Change<'_>)) -> io::Result<Paper> {
        let file = open(path)?;
        let mut reader = BufReader::new(&file);
        let (mut text, mut number, mut length) = (Vec::new(), 0, 0);
        while reader.read_until(b'\n', &mut text)? > 0 {
            number += 1;
            match serde_json::from_slice(&text) {
                Ok(line) if text.ends_with(b"\n") => read(line),
                _ if reader.fill_buf()?.is_empty() => break,
                Err(error) => return Err(unreadable(path, number, &error)),
                // Only a last line has no end.
                Ok(_) => break,
            }
            length += text.len() as u64;
            text.clear();
        }
        if file.metadata()?.len() > length {
            tracing::warn!(path = %path.display(), line = number, "unfinished line cut off");
            file.set_len(length)?;
        }
        Ok(Paper { path: path.to_owned(), file, length })
    }

    /// Written when this returns, also should the process be killed next.
    pub(super) fn write(&mut self, line: &Change<'_>) {
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut text| {
            text.push(b'\n');
            self.file.write_all(&text).map(|()| text.len() as u64)
        });
        match written {
            Ok(length) => self.length += length,
            Err(error) => self.cut(&error),
        }
    }

    /// A half line in the middle would make all later ones unreadable.
    fn cut(&self, error: &io::Error) {
        tracing::error!(path = %self.path.display(), %error, "books not written: a restart forgets");
        if let Err(error) = self.file.set_len(self.length) {
            tracing::error!(path = %self.path.display(), %error, "half a line stays");
        }
    }

    pub(super) fn clear(&mut self) {
        self.length = 0;
        if let Err(error) = self.file.set_len(0) {
            tracing::error!(path = %self.path.display(), %error, "books not cleared");
        }
    }
}

/// Callback addresses in it carry their senders' tokens: for the owner only.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(named)?;
    }
    options.open(path).map_err(named)
}

fn unreadable(path: &Path, number: u64, error: &serde_json::Error) -> io::Error {
    let words = format!("{}: line {number}: {error}", path.display());
    io::Error::new(io::ErrorKind::InvalidData, words)
}
