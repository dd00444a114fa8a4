//! Commands that cannot be undone need a confirmation.

use std::io::{BufRead, IsTerminal, Write};

use crate::error::Error;

/// By `--yes`, or by the operator's answer at the terminal.
pub(crate) fn agreed(yes: bool, what: &str) -> bool {
    if yes || !std::io::stdin().is_terminal() {
        return yes;
    }
    let _ = write!(std::io::stderr(), "{what}. Go on? [y/N] ");
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
}

pub(crate) fn refused(what: &str) -> Error {
    Error::Usage(format!("{what}. If you mean it, say --yes; nothing was changed"))
}
