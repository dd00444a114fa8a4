use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::imports::Imports;

/// Circles that remain without the imports from a module to its ancestors, or without those to its
/// descendants: they are more than a module and its children.
pub(super) fn circles(imports: &Imports) -> BTreeSet<BTreeSet<PathBuf>> {
    let without_up = |from: &Path, to: &Path| !imports.is_ancestor(to, from);
    let without_down = |from: &Path, to: &Path| !imports.is_ancestor(from, to);
    let mut found = among(imports, without_up);
    found.extend(among(imports, without_down));
    found
}

fn among(imports: &Imports, counts: impl Fn(&Path, &Path) -> bool) -> BTreeSet<BTreeSet<PathBuf>> {
    let arrows: Vec<(&PathBuf, &PathBuf)> = imports
        .arrows
        .keys()
        .map(|(from, to)| (from, to))
        .filter(|(from, to)| counts(from, to))
        .collect();
    let reached = |start: &PathBuf| reachable(&arrows, start);
    let files: BTreeSet<&PathBuf> = arrows.iter().map(|(from, _)| *from).collect();
    let circle = |file: &&PathBuf| -> BTreeSet<PathBuf> {
        let mates = reached(file);
        mates.into_iter().filter(|mate| reached(mate).contains(*file)).collect()
    };
    files.iter().map(circle).filter(|circle| !circle.is_empty()).collect()
}

/// All files that a file uses, directly or indirectly.
fn reachable(arrows: &[(&PathBuf, &PathBuf)], start: &PathBuf) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut next = vec![start];
    while let Some(file) = next.pop() {
        for (_, to) in arrows.iter().filter(|(from, _)| *from == file) {
            if found.insert((*to).clone()) {
                next.push(to);
            }
        }
    }
    found
}
