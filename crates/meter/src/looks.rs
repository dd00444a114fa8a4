//! Whether the provider answers queries for tasks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kling::{HttpResponse, Method, TransportError};
use tokio::time::Instant;

/// A shorter outage is not reported: it is over before an operator reads of it.
const WORTH_TELLING: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<Option<Silence>>);

/// Since when no query has had a response.
#[derive(Debug)]
struct Silence {
    since: Instant,
    looks: u64,
    last: String,
}

impl Looks {
    pub(crate) fn asked(&self, method: Method, answer: &Result<HttpResponse, TransportError>) {
        if method != Method::Get {
            return;
        }
        let mut silence = self.lock();
        let Some(why) = unanswered(answer) else {
            *silence = None;
            return;
        };
        let begun = Silence { since: Instant::now(), looks: 0, last: String::new() };
        let silence = silence.get_or_insert(begun);
        silence.looks += 1;
        silence.last = why;
    }

    /// The sentence for `/readyz`, once the outage has lasted long enough.
    pub(crate) fn now(&self) -> Option<String> {
        let silence = self.lock();
        let silence = silence.as_ref().filter(|silence| silence.lasts() >= WORTH_TELLING)?;
        let (looks, minutes) = (silence.looks, silence.lasts().as_secs() / 60);
        Some(format!(
            "none of {looks} looks was answered in {minutes} min, the last: {}",
            silence.last
        ))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Silence>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Silence {
    fn lasts(&self) -> Duration {
        self.since.elapsed()
    }
}

/// A refusal is a response too; it is reported elsewhere.
fn unanswered(answer: &Result<HttpResponse, TransportError>) -> Option<String> {
    match answer {
        Ok(answer) if answer.status >= 500 => Some(format!("HTTP {}", answer.status)),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Result<HttpResponse, TransportError> {
        Ok(HttpResponse { status, ..HttpResponse::default() })
    }

    #[tokio::test(start_paused = true)]
    async fn looks_without_an_answer_are_told_after_a_minute_and_until_one_is_answered() {
        let looks = Looks::default();
        looks.asked(Method::Get, &answered(503));
        assert_eq!(looks.now(), None, "it may pass");
        tokio::time::advance(WORTH_TELLING).await;
        looks.asked(Method::Post, &answered(200));
        looks.asked(Method::Get, &answered(502));
        let told = "none of 2 looks was answered in 1 min, the last: HTTP 502";
        assert_eq!(looks.now().as_deref(), Some(told));
        looks.asked(Method::Get, &answered(404));
        assert_eq!(looks.now(), None, "a denial is an answer");
        looks.asked(Method::Get, &answered(500));
        tokio::time::advance(WORTH_TELLING / 2).await;
        assert_eq!(looks.now(), None, "it counts from the first one that failed");
    }
}
