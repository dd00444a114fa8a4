//! The API key, which may be replaced while clients use it.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

/// Clones share the key: all send the latest one. A request that is under way keeps the one that it was
/// sent with.
#[derive(Clone)]
pub struct ApiKey(Arc<RwLock<Present>>);

struct Present {
    key: SecretString,
    replaced: u64,
}

impl ApiKey {
    /// `false`: it is the present one already.
    pub fn replace(&self, key: SecretString) -> bool {
        let mut present = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let changes = present.key.expose_secret() != key.expose_secret();
        if changes {
            *present = Present { key, replaced: present.replaced + 1 };
        }
        changes
    }

    pub(crate) fn present(&self) -> SecretString {
        self.0.read().unwrap_or_else(PoisonError::into_inner).key.clone()
    }

    /// How often it was replaced.
    pub(crate) fn replaced(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).replaced
    }
}

impl From<SecretString> for ApiKey {
    fn from(key: SecretString) -> Self {
        Self(Arc::new(RwLock::new(Present { key, replaced: 0 })))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}
