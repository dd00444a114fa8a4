//! A command line that cannot be understood.

use std::ffi::OsStr;

use clap::error::ErrorKind;

/// Whether an error is wanted as JSON: `--json` is among the arguments, which could not be read.
pub(crate) fn wants_json<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> bool {
    let mut flags = arguments.into_iter().take_while(|argument| argument.as_ref() != "--");
    flags.any(|argument| argument.as_ref() == "--json")
}

/// What is wrong and what may have been meant, without the usage that clap prints after it.
pub(crate) fn reason(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is needed: reelwork --help lists them".to_owned();
    }
    let text = error.render().to_string();
    let text = text.split("\n\nUsage:").next().unwrap_or_default();
    let text = text.split("\n\nFor more information").next().unwrap_or_default();
    text.strip_prefix("error: ").unwrap_or(text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn refused(line: &[&str]) -> String {
        reason(&Cli::try_parse_from(line).unwrap_err())
    }

    #[test]
    fn the_reason_is_told_without_the_usage() {
        let told = refused(&["reelwork", "--json", "gett", "a"]);
        assert!(told.starts_with("unrecognized subcommand 'gett'"), "{told}");
        assert!(told.contains("'get'") && !told.contains("Usage"), "{told}");
        assert_eq!(
            refused(&["reelwork", "wait", "a", "--timeout", "5d"]),
            "invalid value '5d' for '--timeout <TIMEOUT>': unknown unit \"d\": use ms, s, m or h"
        );
        assert!(refused(&["reelwork", "--json"]).contains("requires a subcommand"));
        assert!(refused(&["reelwork", "--json", "dead"]).starts_with("a command is needed"));
    }

    #[test]
    fn json_is_wanted_if_a_flag_says_so() {
        assert!(wants_json(["reelwork", "sing", "--json"]));
        assert!(!wants_json(["reelwork", "get", "--", "--json"]));
        assert!(!wants_json(["reelwork", "get", "--json=x"]));
    }
}
