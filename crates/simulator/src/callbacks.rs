//! Callbacks to the `callback_url` of a request, on every status change.

mod body;
mod counters;
mod dispatch;
mod sign;

use serde::{Deserialize, Serialize};

use crate::secret::Secret;

pub(crate) use counters::Counters;
pub(crate) use dispatch::run;

/// Whether callbacks are sent, and with which faults. Redirects are not followed, and a callback is
/// repeated only by a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Callbacks {
    /// Send callbacks for tasks accepted from now on.
    pub enabled: bool,
    /// The hosts that may be called, as they stand in the request's url; ports do not matter.
    /// By default only this machine.
    pub hosts: Vec<String>,
    /// Send each one twice.
    pub duplicate: bool,
    /// Send each one this many milliseconds after the status change.
    pub late_ms: u64,
    /// Share of callbacks never sent, 0 to 1.
    pub missing_rate: f64,
    /// Share of callbacks followed by a forged one that claims success with a false url, 0 to 1.
    pub forged_rate: f64,
    /// Carry an id of the other style than the create answer did, as a gateway may pass on.
    pub wrong_id: bool,
    /// Put the task inside `{code, message, request_id, data}`.
    pub enveloped: bool,
    /// Sign by Standard Webhooks with this secret: `whsec_` and Base64. Absent: unsigned.
    pub secret: Option<Secret>,
}

/// This machine, by the names that it has everywhere.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

impl Default for Callbacks {
    fn default() -> Self {
        Callbacks {
            enabled: false,
            hosts: LOOPBACK.map(str::to_owned).to_vec(),
            duplicate: false,
            late_ms: 0,
            missing_rate: 0.0,
            forged_rate: 0.0,
            wrong_id: false,
            enveloped: false,
            secret: None,
        }
    }
}

impl Callbacks {
    fn may_call(&self, host: &str) -> bool {
        let same = |allowed: &String| {
            allowed.trim_matches(['[', ']']).eq_ignore_ascii_case(host.trim_matches(['[', ']']))
        };
        self.hosts.iter().any(same)
    }

    pub(crate) fn problem(&self) -> Option<String> {
        for (name, rate) in [("missing_rate", self.missing_rate), ("forged_rate", self.forged_rate)]
        {
            if !(0.0..=1.0).contains(&rate) {
                return Some(format!("callbacks.{name} must be from 0 to 1"));
            }
        }
        let unreadable = self.secret.as_ref().is_some_and(|secret| sign::key(secret).is_none());
        unreadable.then(|| "callbacks.secret must be whsec_ and Base64".into())
    }
}
