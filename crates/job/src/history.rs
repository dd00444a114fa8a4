//! A job's timeline, of bounded length.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A job that changes often must not grow without bound.
const MAX_LINES: usize = 32;

/// One line of a job's timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When it happened; the last time, if it is repeated.
    pub at: Timestamp,
    pub round: u32,
    pub what: String,
    /// Repeats in a row are one line; `None`: it happened once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeated>,
}

/// How often in a row, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    pub times: u32,
    pub since: Timestamp,
}

impl HistoryEntry {
    pub fn once(at: Timestamp, round: u32, what: impl Into<String>) -> Self {
        Self { at, round, what: what.into(), repeated: None }
    }

    fn repeats(&self, other: &Self) -> bool {
        (self.round, &self.what) == (other.round, &other.what)
    }

    fn again(&mut self, at: Timestamp) {
        let before = self.repeated.unwrap_or(Repeated { times: 1, since: self.at });
        self.repeated = Some(Repeated { times: before.times.saturating_add(1), ..before });
        self.at = at;
    }
}

pub(crate) fn add(history: &mut Vec<HistoryEntry>, entry: HistoryEntry) {
    if let Some(last) = history.last_mut().filter(|last| last.repeats(&entry)) {
        return last.again(entry.at);
    }
    if history.len() >= MAX_LINES {
        history.remove(least(history));
    }
    history.push(entry);
}

/// The index of the line to remove. The first line stays; of the others, one that is repeated later
/// goes before one that is not, such as the cause of a doubt.
fn least(history: &[HistoryEntry]) -> usize {
    let repeated_later =
        |i: &usize| history[i + 1..].iter().any(|later| later.repeats(&history[*i]));
    (1..history.len()).find(repeated_later).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history_of(lines: &[&str]) -> Vec<HistoryEntry> {
        let mut history = Vec::new();
        for (at, what) in (0..).zip(lines) {
            add(&mut history, HistoryEntry::once(Timestamp::from_millis(at), 1, *what));
        }
        history
    }

    const BEGINNING: [&str; 2] = ["submitting", "in doubt: the answer was lost"];

    #[test]
    fn the_same_again_is_one_line_with_its_count_and_both_times() {
        let looks = ["look-up failed: 503"; 40];
        let history = history_of(&[&BEGINNING[..], &looks].concat());
        let since = Timestamp::from_millis(2);
        let mut expected = HistoryEntry::once(Timestamp::from_millis(41), 1, looks[0]);
        expected.repeated = Some(Repeated { times: 40, since });
        assert_eq!((history.len(), history.last()), (3, Some(&expected)));
    }

    #[test]
    fn in_another_round_it_is_news() {
        let mut history = history_of(&["submitting"]);
        add(&mut history, HistoryEntry::once(Timestamp::EPOCH, 2, "submitting"));
        assert_eq!(history.len(), 2);
    }

    #[test]
    fn looks_that_fail_in_turns_do_not_hide_the_cause() {
        let turns = ["look-up failed: 503", "the provider does not know it (yet)"].repeat(50);
        let history = history_of(&[&BEGINNING[..], &turns].concat());
        let what = |i: usize| history[i].what.as_str();
        assert_eq!((what(0), what(1), history.len()), (BEGINNING[0], BEGINNING[1], MAX_LINES));
        assert_eq!(what(MAX_LINES - 1), turns[1], "the last ones tell where it is");
    }

    #[test]
    fn a_line_of_before_is_read_and_one_that_happened_once_is_written_as_before() {
        let before = r#"{"at":7,"round":1,"what":"submitting"}"#;
        let read: HistoryEntry = serde_json::from_str(before).unwrap();
        assert_eq!(read, HistoryEntry::once(Timestamp::from_millis(7), 1, "submitting"));
        assert_eq!(serde_json::to_string(&read).unwrap(), before);
    }
}
