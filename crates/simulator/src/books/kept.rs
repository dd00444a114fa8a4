//! Restores the state of an earlier run from its file.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::paper::{Change, Paper, Task, What};
use super::{Books, Entry};
use crate::sessions::{Purpose, Sessions};
use crate::settings::Settings;

impl Books {
    /// The state as of the last write to the file; from now on, changes are written there. Not in
    /// the file: queries since the last line, the rate of the last second, the points of a
    /// selection.
    pub(crate) fn open(
        path: &Path,
        now_us: u64,
        settings: &Settings,
    ) -> io::Result<(Books, Sessions)> {
        let (mut books, mut sessions) = (Books::default(), Sessions::default());
        let paper = Paper::open(path, |line| books.replay(line, &mut sessions))?;
        books.settle(now_us);
        if settings.callbacks.enabled {
            // Callbacks that fell due while it was stopped are lost; clients must poll.
            for place in 0..books.tasks.len() {
                books.announce(place, now_us);
            }
        }
        books.paper = Some(paper);
        Ok((books, sessions))
    }

    fn replay(&mut self, line: Change<'_>, sessions: &mut Sessions) {
        self.settle(line.at_us);
        match line.what {
            What::Submission { job, task } => {
                self.jobs.attempt(&job);
                task.into_iter().for_each(|task| self.replay_task(task));
            }
            What::Late(task) => self.replay_task(task),
            What::Session { id, purpose } => sessions.open(id.into_owned(), purpose),
            What::Counts => {}
        }
        self.tally = line.tally.into_owned();
    }

    fn replay_task(&mut self, task: Task<'_>) {
        let Task { facts, hidden_looks, backwards } = task;
        self.sequence += 1;
        self.enter(Entry {
            facts: Arc::new(facts.into_owned()),
            looks: 0,
            hidden_looks,
            backwards,
        });
    }

    /// A submission that was judged at `now_us`, and the task that it made.
    pub(super) fn note_submission(&mut self, now_us: u64, job: &str, place: Option<usize>) {
        let task = place.map(|place| on_paper(&self.tasks[place]));
        let what = What::Submission { job: job.into(), task };
        write(&mut self.paper, now_us, what, &self.tally);
    }

    pub(super) fn note_late(&mut self, now_us: u64, place: usize) {
        write(&mut self.paper, now_us, What::Late(on_paper(&self.tasks[place])), &self.tally);
    }

    pub(crate) fn note_session(&mut self, now_us: u64, id: &str, purpose: Purpose) {
        self.settle(now_us);
        write(&mut self.paper, now_us, What::Session { id: id.into(), purpose }, &self.tally);
    }

    /// The counts as they are.
    pub(crate) fn note_counts(&mut self, now_us: u64) {
        self.settle(now_us);
        write(&mut self.paper, now_us, What::Counts, &self.tally);
    }
}

fn write(paper: &mut Option<Paper>, at_us: u64, what: What<'_>, tally: &super::Tally) {
    if let Some(paper) = paper {
        paper.write(&Change { at_us, what, tally: Cow::Borrowed(tally) });
    }
}

fn on_paper(entry: &Entry) -> Task<'_> {
    Task {
        facts: Cow::Borrowed(&*entry.facts),
        hidden_looks: entry.hidden_looks,
        backwards: entry.backwards,
    }
}
