//! The operations that the broker refuses to this process, until one succeeds.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ports::{BrokerError, PublishError, Source};
use tokio::time::Instant;

/// A refusal is dropped if the operation is not tried again within this time.
const FRESH: Duration = Duration::from_secs(120);

#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<String, Refusal>>);

#[derive(Debug)]
struct Refusal {
    why: String,
    at: Instant,
}

impl Refusals {
    pub(crate) fn published(&self, place: &str, done: &Result<(), PublishError>) {
        let why = match done {
            Ok(()) => None,
            Err(error @ (PublishError::Denied(_) | PublishError::Refused(_))) => Some(error),
            // Errors of one message, or an unreachable broker, which another check reports.
            Err(
                PublishError::Unroutable(_)
                | PublishError::TooLarge { .. }
                | PublishError::Unknown(_),
            ) => return,
        };
        self.note(format!("publishing to {place}"), why.map(ToString::to_string));
    }

    pub(crate) fn consumed<T>(&self, source: &Source, consuming: &Result<T, BrokerError>) {
        let why = match consuming {
            Ok(_) => None,
            Err(error @ (BrokerError::Denied(_) | BrokerError::Differs(_))) => Some(error),
            Err(BrokerError::Unavailable(_)) => return,
        };
        self.note(format!("consuming {}", name(source)), why.map(ToString::to_string));
    }

    fn note(&self, what: String, why: Option<String>) {
        match why {
            Some(why) => drop(self.lock().insert(what, Refusal { why, at: Instant::now() })),
            None => drop(self.lock().remove(&what)),
        }
    }

    /// One sentence for each.
    pub(crate) fn now(&self) -> Vec<String> {
        let mut refusals = self.lock();
        refusals.retain(|_, refusal| refusal.at.elapsed() < FRESH);
        refusals.iter().map(|(what, refusal)| format!("{what}: {}", refusal.why)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Refusal>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(source: &Source) -> String {
    match source {
        Source::Lane(lane) => format!("lane {lane}"),
        Source::Overflow(queue) => format!("overflow queue {queue}"),
        Source::Dead => "the dead letters".to_owned(),
        Source::BrokerDead => "the broker's dead letters".to_owned(),
        Source::Results(_) => "results".to_owned(),
        Source::Webhooks => "webhooks".to_owned(),
        Source::Journal(_) => "the journal".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_told_until_it_is_over_or_nobody_tries() {
        let refusals = Refusals::default();
        let denied = || Err(PublishError::Denied("ACCESS_REFUSED".into()));
        refusals.published("journal", &denied());
        refusals.published("results", &Err(PublishError::Unknown("cut".into())));
        refusals.published("jobs", &Err(PublishError::Unroutable("x".into())));
        let told = "publishing to journal: the broker does not let us publish: ACCESS_REFUSED";
        assert_eq!(refusals.now(), [told]);
        refusals.published("journal", &Ok(()));
        assert!(refusals.now().is_empty());
        refusals.published("journal", &denied());
        let lane = Source::Lane(job::Lane::all().next().unwrap());
        refusals.consumed(&lane, &Err::<(), _>(BrokerError::Denied("no".into())));
        assert_eq!(refusals.now().len(), 2);
        tokio::time::advance(FRESH).await;
        assert!(refusals.now().is_empty());
    }
}
