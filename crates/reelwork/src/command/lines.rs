//! Names that a command takes from a file.

use std::path::Path;

use crate::error::Error;

/// Each line without the space around it; empty lines are skipped. `-` is stdin.
pub(crate) fn read(file: &Path) -> Result<Vec<String>, Error> {
    let text = match file == Path::new("-") {
        true => std::io::read_to_string(std::io::stdin().lock()),
        false => std::fs::read_to_string(file),
    };
    let text = text.map_err(|error| Error::Usage(format!("{}: {error}", file.display())))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
