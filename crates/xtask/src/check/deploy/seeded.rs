//! Makes the mistakes, one at a time, and tells which of them were caught.

use std::fs;
use std::path::{Path, PathBuf};

use super::seeds::{Mistake, SEEDS, Seed};
use super::settings::GIVEN;
use super::{Place, STEPS, files, passes};
use crate::failure::Failure;
use crate::process::say;

/// What the steps read, beside where settings are given.
const COPIED: [&str; 1] = ["schemas"];

/// The copy must pass as it is: else a step that fails anyhow would seem to catch everything.
pub(super) fn all_caught(place: &Place<'_>) -> Result<bool, Failure> {
    let scratch = tempfile::tempdir().map_err(|error| Failure::stuck("a copy", error))?;
    for name in COPIED.iter().chain(&GIVEN) {
        let copied = copy(&place.root.join(name), &scratch.path().join(name));
        copied.map_err(|error| Failure::stuck(name, error))?;
    }
    let copy = Place { root: scratch.path(), tools: place.tools };
    if !passes(&copy) {
        return Err(Failure::Stuck("the copy does not pass without a mistake".into()));
    }
    let caught = SEEDS.iter().map(|seed| caught(&copy, seed)).collect::<Result<Vec<_>, _>>()?;
    let count = caught.iter().filter(|caught| **caught).count();
    say(format!("{count} of {} mistakes caught", SEEDS.len()));
    Ok(count == SEEDS.len())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        // Installed, and large.
        if name != "node_modules" {
            copy(&from.join(&name), &to.join(&name))?;
        }
    }
    Ok(())
}

/// Whether its step saw it; the copy is afterwards as before.
fn caught(copy: &Place<'_>, seed: &Seed) -> Result<bool, Failure> {
    let step = STEPS.iter().find(|step| step.name == seed.step);
    let step = step.ok_or_else(|| Failure::stuck(seed.what, "its step is not there"))?;
    let (file, before, after) =
        planted_below(copy.root, seed).map_err(|why| Failure::stuck(seed.what, why))?;
    let failure = |error| Failure::stuck(seed.file, error);
    match after {
        Some(after) => fs::write(&file, after).map_err(failure)?,
        None => fs::remove_file(&file).map_err(failure)?,
    }
    let verdict = (step.check)(copy);
    fs::write(&file, before).map_err(failure)?;
    say(told(seed, verdict.as_ref().err()));
    Ok(verdict.is_err())
}

type Planted = (PathBuf, String, Option<String>);

/// The file in which it can be made: how it is, and how it will be.
fn planted_below(root: &Path, seed: &Seed) -> Result<Planted, String> {
    let mut files = files(&root.join(seed.file));
    files.sort();
    let mut stale = format!("the seed is stale: {} is empty", seed.file);
    for file in files {
        let before = fs::read_to_string(&file).map_err(|error| error.to_string())?;
        match planted(&before, &seed.mistake) {
            Ok(after) => return Ok((file, before, after)),
            Err(why) => stale = format!("{}: {why}", seed.file),
        }
    }
    Err(stale)
}

/// The text with the mistake; None: the mistake is that it is gone. A mistake that nobody could
/// make any more would be caught by accident.
fn planted(text: &str, mistake: &Mistake) -> Result<Option<String>, String> {
    match *mistake {
        Mistake::Gone => Ok(None),
        Mistake::Instead { of, put } if text.contains(of) && of != put => {
            Ok(Some(text.replacen(of, put, 1)))
        }
        Mistake::Instead { of, .. } => Err(format!("the seed is stale: there is no {of:?}")),
    }
}

fn told(seed: &Seed, why: Option<&String>) -> String {
    match why {
        Some(why) => format!("caught  {} ({}): {}", seed.what, seed.step, gist(why)),
        None => format!("MISSED  {} ({})", seed.what, seed.step),
    }
}

/// The last line that says something: programs end with what it comes to.
fn gist(why: &str) -> String {
    let line = why.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_made_once_and_a_stale_one_is_told() {
        let mistake = Mistake::Instead { of: "b", put: "x" };
        assert_eq!(planted("abab", &mistake).unwrap().as_deref(), Some("axab"));
        assert!(planted("aaaa", &mistake).unwrap_err().contains("stale"));
        assert!(planted("b", &Mistake::Instead { of: "b", put: "b" }).is_err());
        assert_eq!(planted("abab", &Mistake::Gone), Ok(None));
    }

    #[test]
    fn every_seed_can_be_planted_where_it_says() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        for seed in SEEDS {
            let planted = planted_below(root, seed);
            assert!(planted.is_ok(), "{}: {:?}", seed.what, planted.err());
        }
    }

    #[test]
    fn every_seed_names_a_step_and_says_something_of_its_own() {
        let steps: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        assert!(SEEDS.iter().all(|seed| steps.contains(&seed.step)));
        let words: std::collections::BTreeSet<_> = SEEDS.iter().map(|seed| seed.what).collect();
        assert_eq!(words.len(), SEEDS.len());
    }
}
