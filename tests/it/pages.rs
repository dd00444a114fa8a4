//! Checks the commands, settings and metrics that the pages for operators mention.

use std::collections::BTreeSet;
use std::path::PathBuf;

use job::EventKind;

use crate::harness::{Backend, Environment, Program};
use crate::readme::{root, words};

const RUNBOOKS: &str = "deploy/monitoring/runbooks";
const OTHERS: [&str; 5] = [
    "README.md",
    "SECURITY.md",
    "deploy/README.md",
    "deploy/kubernetes/README.md",
    "deploy/monitoring/README.md",
];

/// Each page with its texts in backticks.
fn pages() -> Vec<(PathBuf, Vec<String>)> {
    let entries = std::fs::read_dir(root().join(RUNBOOKS)).expect(RUNBOOKS);
    let runbooks = entries.map(|entry| entry.expect("a page").path());
    let pages = runbooks.chain(OTHERS.map(|page| root().join(page)));
    pages
        .map(|page| (page.clone(), quoted(&std::fs::read_to_string(page).expect("text"))))
        .collect()
}

fn quoted(text: &str) -> Vec<String> {
    let sentences: String = text.split("```").step_by(2).collect();
    let spans = sentences.split('`').skip(1).step_by(2);
    spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The texts in backticks for which `what` has a value, each with its page for the failure message.
fn named<T>(what: impl Fn(&str) -> Option<T>) -> Vec<(String, T)> {
    let mut found = Vec::new();
    for (page, spans) in pages() {
        let page = page.display().to_string();
        found.extend(spans.iter().filter_map(|span| Some((page.clone(), what(span)?))));
    }
    assert!(!found.is_empty(), "the pages name some");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_a_page_names_is_known() {
    let environment = Environment::on(Backend::Embedded);
    let program = environment.program();
    let commands = named(|span| span.strip_prefix("reelwork ").map(words));
    let (mut seen, container) = (BTreeSet::new(), "/usr/local/bin/reelwork ");
    let inside = named(|span| span.split_once(container).map(|(_, words_of)| words(words_of)));
    for (page, words) in commands.into_iter().chain(inside) {
        if seen.insert(words.clone()) {
            is_known(&program, &page, words).await;
        }
    }
}

/// All arguments are parsed before `--help` prints, so a wrong one still exits with 2.
async fn is_known(program: &Program, page: &str, mut words: Vec<String>) {
    words.push("--help".to_owned());
    let known = program.run(&words).await;
    assert_eq!(known.code, 0, "{page}: {words:?}: {}", known.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_that_a_page_names_is_there() {
    let environment = Environment::on(Backend::Embedded);
    let shown = environment.program().run(&["config", "show", "--json"]).await.exits(0).json();
    let rows = shown.as_array().expect("rows").iter();
    let keys: BTreeSet<_> =
        rows.map(|row| row["key"].as_str().expect("a key").to_owned()).collect();
    let sections: BTreeSet<_> = keys.iter().filter_map(|key| key.split('.').next()).collect();
    let is_word = |word: &str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let settings = named(|span| {
        let (section, leaf) = span.split_once('.')?;
        (sections.contains(section) && is_word(leaf)).then(|| span.to_owned())
    });
    for (page, setting) in settings {
        assert!(keys.contains(&setting), "{page}: there is no setting {setting}");
    }
}

#[test]
fn every_metric_that_a_page_names_is_served() {
    let listed = root().join("deploy/monitoring/metrics.txt");
    let listed = std::fs::read_to_string(listed).expect("the list");
    let served: BTreeSet<_> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    let first = |span: &str| span.split([' ', '{']).next().unwrap_or_default().to_owned();
    for (page, metric) in named(|span| span.starts_with("reelwork_").then(|| first(span))) {
        assert!(served.contains(metric.as_str()), "{page}: nobody serves {metric}");
    }
}

/// Each row of the README's table of events: the word, and whether it is the last of its round.
fn announced() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let (_, table) = text.split_once("| word | the last of its round? |").expect("the table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let word = cells.next().expect("a word").trim_matches('`').to_owned();
        (word, cells.next().expect("an answer").to_owned())
    })
    .collect()
}

#[test]
fn the_readme_lists_every_event_and_which_is_the_last() {
    let told: BTreeSet<_> = announced()
        .into_iter()
        .map(|(word, last)| (word, last.split([' ', ';', ':']).next().map(str::to_owned)))
        .collect();
    let last = |kind: EventKind| match (kind.is_outcome(), kind.ends_round()) {
        (_, true) => "yes",
        (true, false) => "until",
        (false, false) => "no",
    };
    let known = EventKind::ALL.map(|kind| (kind.word().to_owned(), Some(last(kind).to_owned())));
    assert_eq!(told, BTreeSet::from(known));
}
