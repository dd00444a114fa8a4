//! When and by which publish a message came into being, as its headers say.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use job::{Life, Tenant, Timestamp};
use ports::Message;

#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// `None` also for a time that cannot be right.
    pub(crate) enqueued_at: Option<Timestamp>,
    pub(crate) life: Option<Life>,
}

impl Origin {
    pub(crate) fn of(message: &Message, now: Timestamp) -> Self {
        let enqueued_at = message.enqueued_at().and_then(|at| at.plausible(now));
        Self { enqueued_at, life: message.life() }
    }
}

/// Tenants with publish times that cannot be right: each is warned about once.
#[derive(Default)]
pub(crate) struct WrongClocks {
    known: Mutex<BTreeSet<Tenant>>,
}

/// More tenants than this are not remembered.
const MOST: usize = 1000;

impl WrongClocks {
    pub(crate) fn warn_once(&self, tenant: &Tenant, message: &Message, origin: &Origin) {
        let (Some(wrong), None) = (message.enqueued_at(), origin.enqueued_at) else {
            return;
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST && known.insert(tenant.clone()) {
            tracing::warn!(
                %tenant,
                message_id = %message.id,
                enqueued_at_ms = wrong.as_millis(),
                "a producer sends publish times that cannot be right: they are ignored"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::sync::Arc;

    use ports::header;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;

    /// All warnings, as text.
    #[derive(Clone, Default)]
    struct Warnings(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Warnings {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::WARN
        }

        fn event(&self, event: &Event<'_>) {
            let mut words = Words::default();
            event.record(&mut words);
            self.0.lock().unwrap().push(words.0);
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[derive(Default)]
    struct Words(String);

    impl Visit for Words {
        fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
            let _ = write!(self.0, "{field}={value:?} ");
        }
    }

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    /// The warnings about messages with this tenant, id and publish time.
    fn warned(messages: &[(&str, &str, Option<i64>)]) -> Vec<String> {
        let (warnings, clocks) = (Warnings::default(), WrongClocks::default());
        tracing::subscriber::with_default(warnings.clone(), || {
            for (tenant, id, at) in messages {
                let mut message = Message::json(*id, "{}");
                if let Some(at) = at {
                    message = message.header(header::ENQUEUED_AT, at.to_string());
                }
                let origin = Origin::of(&message, NOW);
                clocks.warn_once(&Tenant::new(*tenant).unwrap(), &message, &origin);
            }
        });
        warnings.0.lock().unwrap().clone()
    }

    #[test]
    fn a_wrong_clock_is_warned_about_once_by_the_name_of_its_producer() {
        let (right, wrong) = (NOW.as_millis() - 1, NOW.as_millis() + 3_600_000);
        let lines = warned(&[
            ("acme", "a-0", Some(right)),
            ("acme", "a-1", Some(wrong)),
            ("acme", "a-2", Some(wrong)),
            ("other", "b-1", Some(0)),
            ("none", "c-1", None),
        ]);
        assert_eq!(lines.len(), 2, "{lines:#?}");
        for part in ["tenant=acme ", "message_id=a-1 ", "enqueued_at_ms=1700003600000 "] {
            assert!(lines[0].contains(part), "no {part:?} in {}", lines[0]);
        }
        assert!(lines[1].contains("tenant=other message_id=b-1 enqueued_at_ms=0 "), "{}", lines[1]);
    }
}
