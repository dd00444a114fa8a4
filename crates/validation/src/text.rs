use job::Job;
use kling::{Route, numbers_for_text};

/// A number where the provider wants text is sent, hashed and kept as that text.
pub fn with_text(mut job: Job) -> Job {
    if let Some(route) = Route::parse(job.operation.as_str()) {
        let places = numbers_for_text(route, job.request.fields());
        job.request = job.request.with_text_at(&places);
    }
    job
}
