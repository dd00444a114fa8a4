//! Which tasks of the provider belong to a job.

use crate::{Outcome, Record, State};

/// A job must not grow without bound; the oldest tasks are dropped first.
const MOST_OTHERS: usize = 32;

/// Whether it can be a task id in a URL path: an empty or dotted one would name something else.
pub fn is_task_id(id: &str) -> bool {
    let is_written = |c: char| !c.is_whitespace() && !c.is_control();
    !matches!(id, "" | "." | "..") && id.chars().all(is_written)
}

/// A task has few files; the provider's answer could list any number.
const MOST_FILES: usize = 16;

impl Record {
    /// The ids of its first files, by which later requests may name them.
    pub fn file_ids(&self) -> Vec<&str> {
        let State::Settled { outcome: Outcome::Succeeded { outputs, .. }, .. } = &self.state else {
            return Vec::new();
        };
        let ids = outputs.iter().filter_map(|output| output.id.as_deref());
        ids.filter(|id| is_task_id(id)).take(MOST_FILES).collect()
    }

    /// Sets the task of the present round. The one before stays known.
    pub(crate) fn set_task(&mut self, task: Option<String>) {
        let before = std::mem::replace(&mut self.task_id, task);
        if let Some(before) = before.filter(|before| Some(before) != self.task_id.as_ref()) {
            self.add_other_task(before);
        }
    }

    pub(crate) fn add_other_task(&mut self, task: String) {
        if self.other_tasks.contains(&task) {
            return;
        }
        if self.other_tasks.len() >= MOST_OTHERS {
            self.other_tasks.remove(0);
        }
        self.other_tasks.push(task);
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the table is asked directly")]
mod tests {
    use super::*;
    use crate::{Fact, JobKey, Moment, Output, OutputKind, Rules, Timestamp, transition};

    fn record() -> Record {
        Record::tombstone(JobKey::parse("default/a").unwrap(), Timestamp::EPOCH)
    }

    #[test]
    fn a_task_that_is_left_behind_stays_known_once() {
        let mut record = record();
        record.set_task(Some("1".into()));
        record.set_task(Some("1".into()));
        assert!(record.other_tasks.is_empty());
        record.set_task(Some("2".into()));
        record.add_other_task("1".into());
        assert_eq!((record.task_id.as_deref(), record.other_tasks), (Some("2"), vec!["1".into()]));
    }

    #[test]
    fn a_second_task_and_that_of_an_earlier_round_stay_known() {
        let now = Timestamp::EPOCH;
        let moment = Moment { now, steady_since: now, jitter: 0.5 };
        let step = |record, fact| transition(record, fact, moment, &Rules::default()).unwrap();
        let mut ended = record();
        ended.task_id = Some("7".into());
        ended.state = State::Settled { outcome: Outcome::Cancelled, at: now };
        let noted = step(ended, Fact::Strayed { task_id: "8".into() }).record;
        assert_eq!((noted.task_id.as_deref(), &noted.other_tasks), (Some("7"), &vec!["8".into()]));
        let next = step(noted, Fact::Again { why: "x".into() }).record;
        assert_eq!((next.task_id, next.other_tasks), (None, vec!["8".into(), "7".into()]));
    }

    #[test]
    fn the_newest_are_kept() {
        let mut record = record();
        (0..=MOST_OTHERS).for_each(|n| record.add_other_task(n.to_string()));
        assert_eq!(record.other_tasks.len(), MOST_OTHERS);
        assert_eq!(record.other_tasks.first().map(String::as_str), Some("1"));
    }

    #[test]
    fn only_a_task_that_succeeded_has_files_and_few_are_known() {
        let file = |id: Option<String>| Output {
            kind: OutputKind::Video,
            id,
            url: "https://x".to_owned(),
            wav_url: None,
            watermark_url: None,
            duration: None,
            expires_at: None,
        };
        let mut outputs = vec![file(None), file(Some(String::new()))];
        outputs.extend((0..20).map(|n| file(Some(n.to_string()))));
        let at = Timestamp::EPOCH;
        let ended = State::Settled { outcome: Outcome::succeeded(outputs), at };
        let record = Record { state: ended, ..record() };
        let expected: Vec<String> = (0..MOST_FILES).map(|n| n.to_string()).collect();
        assert_eq!(record.file_ids(), expected);
        let failed = State::Settled { outcome: Outcome::Cancelled, at };
        assert!(Record { state: failed, ..record }.file_ids().is_empty());
    }

    #[test]
    fn a_record_without_the_field_is_read_and_one_without_others_is_written_without_it() {
        let text = serde_json::to_string(&record()).unwrap();
        assert!(!text.contains("other_tasks"), "{text}");
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record());
    }
}
