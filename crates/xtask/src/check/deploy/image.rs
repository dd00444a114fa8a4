//! How the image is built.

use super::tools::heard;
use super::{Place, Verdict, text, verdict};

const FILE: &str = "deploy/Dockerfile";

/// Everything that the linter knows; what is meant otherwise says so in the file.
pub(super) fn lint(place: &Place<'_>) -> Verdict {
    let mut hadolint = place.tools.command("hadolint")?;
    hadolint.current_dir(place.root).args(["--no-color", FILE]);
    heard(&mut hadolint).map(drop)
}

/// What the linter takes, and we would not.
pub(super) fn rules(place: &Place<'_>) -> Verdict {
    verdict(fetched(&text(place, FILE)?))
}

/// A program that reads this file, fetched from a registry for every build.
fn fetched(dockerfile: &str) -> Vec<String> {
    let lines = (1..).zip(dockerfile.lines()).filter(|(_, line)| names_syntax(line));
    lines
        .map(|(number, line)| format!("{FILE}: line {number} has a syntax fetched: {line}"))
        .collect()
}

fn names_syntax(line: &str) -> bool {
    let directive = line.trim_start().strip_prefix('#').and_then(|words| words.split_once('='));
    directive.is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("syntax"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_syntax_that_is_fetched_is_told_with_its_line() {
        for line in ["# syntax=docker/dockerfile:1", "#Syntax = x", " #\tsyntax =x"] {
            let told = fetched(&format!("# escape=\\\n{line}\nFROM x\n"));
            assert_eq!(told.len(), 1, "{line}: {told:?}");
            assert!(told[0].starts_with("deploy/Dockerfile: line 2 "), "{told:?}");
        }
    }

    #[test]
    fn other_words_about_syntax_are_left_alone() {
        let text = "# docker build --build-arg VERSION=1 .\n# no syntax is named\nARG syntax=1\n";
        assert_eq!(fetched(text), Vec::<String>::new());
    }
}
