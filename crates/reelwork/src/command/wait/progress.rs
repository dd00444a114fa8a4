//! The states of the jobs that a command waits for, on a terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::time::Instant;

use crate::output::Output;

/// A job that has not ended, with its state in one word.
pub(super) struct Running<'a> {
    pub(super) id: &'a str,
    pub(super) state: &'static str,
}

/// One line that is written again and again; nothing where stderr is no terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    /// How many jobs are waited for.
    of: usize,
}

impl Progress {
    pub(super) fn begin(of: usize, output: &Output) -> Self {
        Self { bar: output.status(), begun: Instant::now(), of }
    }

    pub(super) fn tell(&self, running: &[Running<'_>]) {
        self.bar.set_message(words(running, self.of, self.begun.elapsed()));
    }

    /// Writes other lines above it.
    pub(super) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn words(running: &[Running<'_>], of: usize, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match (running, of) {
        ([Running { id, state }], 1) => format!("{id} {state} {seconds} s"),
        _ => {
            let mut counts = BTreeMap::<_, usize>::new();
            running.iter().for_each(|job| *counts.entry(job.state).or_default() += 1);
            let counts = counts.iter().map(|(state, count)| format!("{count} {state}"));
            let counts = counts.collect::<Vec<_>>().join(", ");
            format!("{} of {of} ended; {counts}; {seconds} s", of - running.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(states: &[&'static str], of: usize) -> String {
        let running: Vec<_> =
            states.iter().map(|state| Running { id: "order-42", state }).collect();
        words(&running, of, Duration::from_millis(12_900))
    }

    #[test]
    fn one_job_has_its_state_and_several_have_counts() {
        assert_eq!(told(&["pending"], 1), "order-42 pending 12 s");
        let three = ["pending", "queued", "pending"];
        assert_eq!(told(&three, 5), "2 of 5 ended; 2 pending, 1 queued; 12 s");
        assert_eq!(told(&["waiting"], 2), "1 of 2 ended; 1 waiting; 12 s");
    }
}
