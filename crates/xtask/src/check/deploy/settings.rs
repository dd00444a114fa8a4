//! Whether the program knows every setting that is given to it: it ends at the first that it does
//! not, but only once it is started.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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
/// The table of the program's settings, and what begins a row of it.
const TABLE: &str = "../daemon/src/keys.rs";
const ROW: &str = "key(\"";
/// Kinds that may be given as the path of a file.
const SECRET: [&str; 3] = ["AMQP", "REDIS", "Kind::Secret"];
/// Short for a setting, what only tests read, and what begins every name.
const OTHERS: [&str; 5] = [
    "REELWORK_LOG",
    "REELWORK_TEST_AMQP_URL",
    "REELWORK_TEST_REDIS_URL",
    "REELWORK_TEST_NODE_MODULES",
    "REELWORK_",
];

pub(super) fn known(place: &Place<'_>) -> Verdict {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    let table = fs::read_to_string(&table).map_err(|error| format!("{TABLE}: {error}"))?;
    let known = settings(&table);
    let mut wrong = Vec::new();
    for file in GIVEN.iter().flat_map(|given| files(&place.root.join(given))) {
        let text =
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file.strip_prefix(place.root).unwrap_or(&file).display().to_string();
        let unknown = given(&text).into_iter().filter(|it| !known.contains(*it));
        wrong.extend(unknown.map(|setting| format!("{name}: there is no setting {setting}")));
    }
    verdict(wrong)
}

/// Of every row, as variables.
fn settings(table: &str) -> BTreeSet<String> {
    let mut known: BTreeSet<_> = OTHERS.iter().map(|name| (*name).to_owned()).collect();
    for row in table.split(ROW).skip(1) {
        let Some((name, kind)) = row.split_once("\", ") else { continue };
        let variable = format!("REELWORK_{}", name.replace('.', "__").to_uppercase());
        if SECRET.iter().any(|secret| kind.starts_with(secret)) {
            known.insert(format!("{variable}_FILE"));
        }
        known.insert(variable);
    }
    known
}

/// What looks like a variable of ours.
fn given(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.split(|c| !is_part(c)).filter(|word| word.starts_with("REELWORK_")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_may_be_files() {
        let table = r#"key("kling.api_key", Kind::Secret, Unset, "…"),
            key("broker.url", AMQP, Text("embedded"), "…"), key("poll.pace", Kind::Factor {}, …"#;
        let known = settings(table);
        for name in ["REELWORK_KLING__API_KEY_FILE", "REELWORK_BROKER__URL", "REELWORK_POLL__PACE"]
        {
            assert!(known.contains(name), "{name}");
        }
        assert!(!known.contains("REELWORK_POLL__PACE_FILE"));
    }

    #[test]
    fn settings_are_found_wherever_they_stand() {
        let text = "- REELWORK_POLL__PACE=2\nREELWORK_BROKER__URL: ${REELWORK_BROKER__URL:-x}";
        assert_eq!(given(text), BTreeSet::from(["REELWORK_BROKER__URL", "REELWORK_POLL__PACE"]));
    }
}
