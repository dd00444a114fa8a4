//! The table of prices that the configuration names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use daemon::{Config, ConfigError, Problem, Source};
use kling::Route;
use prices::PriceTable;

/// A thousand prices need a tenth of it.
const MOST_BYTES: u64 = 1024 * 1024;

/// The shipped table, unless another is named. The error has all problems of the file.
pub(crate) fn table(config: &Config) -> Result<Arc<PriceTable>, ConfigError> {
    let Some(path) = &config.money.prices else { return Ok(PriceTable::shipped()) };
    let text = match read(path) {
        Ok(text) => text,
        Err(error) => return Err(problem(path, format!("cannot be read: {error}")).into()),
    };
    let known = |operation: &str| Route::parse(operation).is_some();
    PriceTable::parse(&text, known).map(Arc::new).map_err(|problems| ConfigError {
        problems: problems.into_iter().map(|words| problem(path, words)).collect(),
    })
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 <= MOST_BYTES {
        true => Ok(text),
        false => Err(io::Error::other("it is larger than 1 MiB")),
    }
}

fn problem(path: &Path, message: String) -> Problem {
    let (key, source) = (Some("money.prices".to_owned()), Source::File(path.to_owned()));
    Problem { key, source, message, hint: None }
}
