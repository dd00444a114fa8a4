//! Who a client is, and what it may do.

use std::sync::Arc;

use api_keys::{ApiKey, KeyRing, Scope};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use job::{Allowance, Tenant, Timestamp};

use crate::refusal::Refusal;

/// Which clients are served.
#[derive(Clone)]
pub enum Callers {
    /// Programs on this machine, without a key. Their jobs belong to this tenant.
    Local(Tenant),
    /// Those that show a key.
    Keyed(KeyRing),
}

/// A client that may be served.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) tenant: Tenant,
    /// `None`: it needs none, and may do everything.
    pub(crate) key: Option<Arc<ApiKey>>,
}

impl Caller {
    /// Whether its submissions are counted.
    pub(crate) fn is_limited(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.allowance != Allowance::default())
    }
}

impl Callers {
    /// The client of a request that asks for this.
    pub(crate) fn identify(
        &self,
        headers: &HeaderMap,
        scope: Scope,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        match self {
            Self::Local(tenant) => {
                listener::is_of_a_program_here(headers)?;
                Ok(Caller { tenant: tenant.clone(), key: None })
            }
            Self::Keyed(ring) => {
                let key = ring.now().find(shown(headers)?, now)?;
                match key.allows(scope) {
                    true => Ok(Caller { tenant: key.tenant.clone(), key: Some(key) }),
                    false => Err(Refusal::NotAllowed(scope)),
                }
            }
        }
    }
}

impl Callers {
    /// Whether a client's key was neither taken back nor has expired.
    pub(crate) fn still_serve(&self, caller: &Caller, now: Timestamp) -> bool {
        match (self, &caller.key) {
            (Self::Keyed(ring), Some(key)) => ring.now().has(&key.id, now),
            (Self::Keyed(_), None) => false,
            (Self::Local(_), _) => true,
        }
    }
}

/// The text after `Bearer`.
fn shown(headers: &HeaderMap) -> Result<&str, Refusal> {
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let (scheme, shown) = header.and_then(|text| text.split_once(' ')).ok_or(Refusal::NoKey)?;
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(shown.trim()),
        false => Err(Refusal::NoKey),
    }
}
