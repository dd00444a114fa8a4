//! The last file written into a prepared directory: without it, the directory is prepared again.

use std::path::Path;

const NAME: &str = "made-of";

pub(crate) fn is_made(directory: &Path, of: &str) -> bool {
    std::fs::read_to_string(directory.join(NAME)).is_ok_and(|made| made == of)
}

pub(crate) fn made(directory: &Path, of: &str) -> Result<(), String> {
    let marker = directory.join(NAME);
    std::fs::write(&marker, of).map_err(|error| format!("{}: {error}", marker.display()))
}
