//! Keys by name.

use crate::config::KEYS;
use crate::key::Key;
use crate::nearest::nearest;
use crate::problem::Problem;
use crate::sources::Source;

pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

pub(crate) fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.section == name)
}

/// The value is not shown: it may be a secret with a mistyped name.
pub(crate) fn unknown(name: &str, source: Source) -> Problem {
    let problem = Problem::of_key(name, source, "unknown key");
    if is_section(name) {
        return problem.hint(format!("it is a section: write [{name}]"));
    }
    match nearest(name, KEYS.iter().map(|key| key.name)) {
        Some(known) => problem.hint(format!("did you mean {known}?")),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_has_two_underscores_between_section_and_key() {
        let key = find("kling.api_key").unwrap();
        assert_eq!(key.variable(), "REELWORK_KLING__API_KEY");
    }

    #[test]
    fn meanings_are_one_sentence_a_line() {
        for key in KEYS {
            assert!(key.meaning().ends_with('.'), "{}", key.name);
            assert!(!key.meaning().contains(['\n', '`']), "{}", key.name);
        }
    }
}
