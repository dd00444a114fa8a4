use std::sync::atomic::{AtomicUsize, Ordering};

use job::Job;
use kling::Route;

use crate::output::Output;

/// More than these are one mistake in a long file.
const MOST: usize = 20;

/// What is doubtful in requests that are published all the same.
#[derive(Default)]
pub(super) struct Warnings(AtomicUsize);

impl Warnings {
    pub(super) fn tell(&self, line: Option<usize>, job: &Job, output: &Output) {
        let Some(route) = Route::parse(job.operation.as_str()) else { return };
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        for warning in kling::validate(route, job.request.fields()).warnings {
            if self.0.fetch_add(1, Ordering::Relaxed) < MOST {
                output.message(&format!("{line}{} {}", warning.field, warning.message));
            }
        }
    }
}
