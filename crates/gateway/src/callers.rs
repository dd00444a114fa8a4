//! Who a client is, and what it may do.

pub(crate) mod local;

use std::sync::{Arc, PoisonError, RwLock};

use api_keys::{ApiKey, Keys, Scope};
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

/// The keys that count now: they can be replaced while clients are served.
#[derive(Clone, Default)]
pub struct KeyRing(Arc<RwLock<Arc<Keys>>>);

impl KeyRing {
    pub fn new(keys: Keys) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(keys))))
    }

    /// From the next request on, only these count.
    pub fn replace(&self, keys: Keys) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    fn now(&self) -> Arc<Keys> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
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
                local::is_local(headers)?;
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
