//! Whether the program knows every setting that is given to it: it ends at the first that it does
//! not, but only once it is started.

use std::collections::BTreeSet;
use std::fs;

use daemon::{Config, Sources};

use super::{Place, Verdict, files, verdict};

/// Where settings are given, or told to people.
pub(super) const GIVEN: [&str; 8] = [
    "docker-compose.yml",
    "deploy",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "crates/README.md",
    "tests/README.md",
];
/// What begins every name.
const PREFIX: &str = "REELWORK_";

pub(super) fn known(place: &Place<'_>) -> Verdict {
    let mut wrong = Vec::new();
    for file in GIVEN.iter().flat_map(|given| files(&place.root.join(given))) {
        let text =
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file.strip_prefix(place.root).unwrap_or(&file).display().to_string();
        let unknown = given(&text).into_iter().filter(|name| !is_known(name));
        wrong.extend(unknown.map(|setting| format!("{name}: there is no setting {setting}")));
    }
    verdict(wrong)
}

/// As the program itself has it.
fn is_known(variable: &str) -> bool {
    let env = [(variable.to_owned(), "x".into())].into();
    let loaded = Config::load(&Sources { env, ..Sources::default() });
    let problems = loaded.err().map(|error| error.problems).unwrap_or_default();
    variable == PREFIX || problems.iter().all(|problem| problem.message != "unknown variable")
}

/// What looks like a variable of ours.
fn given(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.split(|c| !is_part(c)).filter(|word| word.starts_with(PREFIX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_may_be_files() {
        for name in ["REELWORK_KLING__API_KEY_FILE", "REELWORK_BROKER__URL", "REELWORK_LOG"] {
            assert!(is_known(name), "{name}");
        }
        for name in ["REELWORK_POLL__PACE_FILE", "REELWORK_POLL__PACES"] {
            assert!(!is_known(name), "{name}");
        }
    }

    #[test]
    fn settings_are_found_wherever_they_stand() {
        let text = "- REELWORK_POLL__PACE=2\nREELWORK_BROKER__URL: ${REELWORK_BROKER__URL:-x}";
        assert_eq!(given(text), BTreeSet::from(["REELWORK_BROKER__URL", "REELWORK_POLL__PACE"]));
    }
}
