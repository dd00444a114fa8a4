//! Whether what alerts and dashboard ask for is served at all: a wrong name is no error to
//! Prometheus, but an alert that never fires.

use std::collections::BTreeSet;

use super::monitoring::{ALERTS, DASHBOARD, TESTS, named, parsed};
use super::query::{is_recorded, names, under};
use super::{Place, Verdict, text, verdict};

/// What the program serves: a name and a type a line.
const SERVED: &str = "deploy/monitoring/metrics.txt";

pub(super) fn known(place: &Place<'_>) -> Verdict {
    let mut known = served(&text(place, SERVED)?)?;
    known.extend(named(place, "record")?);
    let mut wrong = Vec::new();
    for (file, asked) in asked(place)? {
        let unknown =
            asked.iter().flat_map(|expr| names(expr)).filter(|name| !known.contains(name));
        let unknown: BTreeSet<_> = unknown.collect();
        wrong.extend(unknown.iter().map(|name| format!("{file}: {}", complaint(name))));
    }
    verdict(wrong)
}

fn complaint(name: &str) -> String {
    match is_recorded(name) {
        true => format!("no rule records {name}"),
        false => format!("nobody serves {name}: it is not in {SERVED}"),
    }
}

/// What each file asks for. A test of series that are not served would test a dream.
fn asked(place: &Place<'_>) -> Result<Vec<(&'static str, Vec<String>)>, String> {
    let mut asked = Vec::new();
    for (file, keys) in [(ALERTS, &["expr"][..]), (TESTS, &["series", "expr"])] {
        let documents = place.tools.yaml(&place.root.join(file))?;
        let texts = documents.iter().flat_map(|it| keys.iter().flat_map(|key| under(key, it)));
        asked.push((file, texts.map(str::to_owned).collect()));
    }
    let dashboard = parsed(place, DASHBOARD)?;
    let keys = ["expr", "query", "definition"].into_iter();
    let texts = keys.flat_map(|key| under(key, &dashboard)).map(str::to_owned);
    asked.push((DASHBOARD, texts.collect()));
    Ok(asked)
}

/// Every name under which a sample of it is found.
fn served(list: &str) -> Result<BTreeSet<String>, String> {
    let lines =
        list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut names = BTreeSet::new();
    for line in lines {
        let (name, kind) = line.split_once(' ').ok_or_else(|| format!("{SERVED}: {line:?}"))?;
        let endings: &[&str] = match kind.trim() {
            "histogram" => &["_bucket", "_sum", "_count"],
            "summary" => &["", "_sum", "_count"],
            "counter" | "gauge" | "info" => &[""],
            _ => return Err(format!("{SERVED}: {line:?} has no type that is known")),
        };
        names.extend(endings.iter().map(|ending| format!("{name}{ending}")));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_found_under_three_names_and_not_under_its_own() {
        let names =
            served("# comment\nreelwork_wait_seconds histogram\nreelwork_up gauge\n").unwrap();
        let wanted = ["reelwork_up", "reelwork_wait_seconds_bucket", "reelwork_wait_seconds_count"];
        assert!(wanted.iter().all(|name| names.contains(*name)));
        assert!(!names.contains("reelwork_wait_seconds"));
        assert!(served("reelwork_up thing").is_err());
        assert!(served("reelwork_up").is_err());
    }
}
