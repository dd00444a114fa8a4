use std::collections::BTreeSet;

use job::{Allowance, Tenant, Timestamp};
use secrecy::SecretString;

use crate::scope::Scope;

/// A key of a client, as the file has it.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Public: it is shown in logs and lists.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// Whose jobs its client submits, sees and cancels.
    pub tenant: Tenant,
    pub scopes: BTreeSet<Scope>,
    pub credential: Credential,
    pub allowance: Allowance,
    pub created_at: Timestamp,
    /// From then on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When an operator took it back.
    pub revoked_at: Option<Timestamp>,
}

/// What a client proves itself with.
#[derive(Clone, Debug)]
pub enum Credential {
    /// The SHA-256 of the whole key.
    Hash([u8; 32]),
    /// A secret that signs tokens. It cannot be kept as a hash, because it is needed to check them.
    SigningSecret(SecretString),
}

impl ApiKey {
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

impl Credential {
    /// Of a whole key.
    pub fn of_key(key: &str) -> Self {
        Self::Hash(crate::text::hash(key))
    }
}
