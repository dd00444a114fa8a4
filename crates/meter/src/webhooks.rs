use std::sync::Arc;

use async_trait::async_trait;
use job::{WebhookAttempt, WebhookNext};
use webhooks::{Call, Calls};

use crate::Meter;
use crate::label::{WEBHOOK_AGAIN, WEBHOOK_DELIVERED};

impl Meter {
    /// Wraps what calls clients' URLs to count what becomes of the attempts.
    pub fn webhooks(&self, inner: Arc<dyn Calls>) -> Arc<dyn Calls> {
        Arc::new(Metered { inner, meter: self.clone() })
    }
}

struct Metered {
    inner: Arc<dyn Calls>,
    meter: Meter,
}

#[async_trait]
impl Calls for Metered {
    async fn attempt(&self, call: Call<'_>) -> WebhookAttempt {
        self.inner.attempt(call).await
    }

    fn decided(&self, next: WebhookNext) {
        let outcome = match next {
            WebhookNext::Delivered => WEBHOOK_DELIVERED,
            WebhookNext::Again(_) => WEBHOOK_AGAIN,
            WebhookNext::GiveUp(end) => end.word(),
        };
        let labels = [("outcome", outcome.into())];
        self.meter.families().webhooks.get_or_create(&labels).inc();
        self.inner.decided(next);
    }
}

#[cfg(test)]
mod tests {
    use job::WebhookEnd;

    use super::*;
    use crate::About;

    struct Nowhere;

    #[async_trait]
    impl Calls for Nowhere {
        async fn attempt(&self, _call: Call<'_>) -> WebhookAttempt {
            WebhookAttempt::Unanswered
        }
    }

    #[test]
    fn attempts_are_counted_by_what_follows() {
        let meter = Meter::new(About { version: "1", role: "gateway" });
        let calls = meter.webhooks(Arc::new(Nowhere));
        calls.decided(WebhookNext::Delivered);
        calls.decided(WebhookNext::GiveUp(WebhookEnd::Gone));
        let text = meter.text();
        for (outcome, count) in [("delivered", 1), ("gone", 1), ("again", 0), ("denied", 0)] {
            let line = format!("reelwork_webhook_attempts_total{{outcome=\"{outcome}\"}} {count}");
            assert!(text.contains(&line), "{line}\n{text}");
        }
    }
}
