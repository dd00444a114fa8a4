//! Files that hold one secret.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};

/// The largest, in bytes.
const MOST: u64 = 64 * 1024;

/// Without the one line break that an editor adds at the end. The error holds nothing of the file.
pub(crate) fn read(path: &OsStr) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(io::Error::other("it is larger than 64 KiB"));
    }
    let whole = text.strip_suffix('\n').unwrap_or(&text);
    Ok(whole.strip_suffix('\r').unwrap_or(whole).to_owned())
}
