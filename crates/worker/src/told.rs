//! What a message tells of its publishing: a nonce always, a time only where it can be one.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use job::{Life, Tenant, Timestamp};
use ports::Message;

#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) enqueued_at: Option<Timestamp>,
    pub(crate) life: Option<Life>,
}

impl Told {
    pub(crate) fn by(message: &Message, now: Timestamp) -> Self {
        let enqueued_at = message.enqueued_at().and_then(|told| told.plausible(now));
        Self { enqueued_at, life: message.life() }
    }
}

/// Tenants whose messages told times that cannot be: each is warned about once.
#[derive(Default)]
pub(crate) struct WrongClocks {
    known: Mutex<BTreeSet<Tenant>>,
}

/// More tenants than this are not told apart.
const MOST: usize = 1000;

impl WrongClocks {
    pub(crate) fn see(&self, tenant: &Tenant, message: &Message, told: &Told) {
        let (Some(wrong), None) = (message.enqueued_at(), told.enqueued_at) else {
            return;
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST && known.insert(tenant.clone()) {
            tracing::warn!(
                %tenant,
                message_id = %message.id,
                told_ms = wrong.as_millis(),
                "a producer tells publish times that cannot be: they count as not told"
            );
        }
    }
}
