use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Life, StoredHash};

/// Namespace of every name-based id made here.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b0f_6a9e_3c1d_5e8f_9a47_72d1_0c4b_e631);

/// Bytes: longer ids would not fit an AMQP short string together with the tenant.
pub const MAX_ID_BYTES: usize = 160;
pub const MAX_TENANT_BYTES: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIdentity {
    #[error("id must be 1 to {MAX_ID_BYTES} bytes without control characters, got {0} bytes")]
    Id(usize),
    #[error("tenant must be 1 to {MAX_TENANT_BYTES} characters of A-Z a-z 0-9 . _ -, got \"{0}\"")]
    Tenant(String),
}

/// The caller's idempotency key, unique within a tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    pub fn new(id: impl Into<String>) -> Result<Self, BadIdentity> {
        let id = id.into();
        let fits = (1..=MAX_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control);
        if fits { Ok(Self(id)) } else { Err(BadIdentity::Id(id.len())) }
    }

    /// For a message without an id: the same for the same bytes.
    pub(crate) fn of_message(body: &[u8]) -> Self {
        Self(format!("message-{}", StoredHash::of_message(body).as_str()))
    }

    /// A new id, ordered by time, for a caller that gave none.
    pub fn generate() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The owner of a job. Equal ids of two tenants are different jobs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant(String);

impl Tenant {
    pub fn new(tenant: impl Into<String>) -> Result<Self, BadIdentity> {
        let tenant = tenant.into();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let fits = (1..=MAX_TENANT_BYTES).contains(&tenant.len()) && tenant.chars().all(allowed);
        if fits { Ok(Self(tenant)) } else { Err(BadIdentity::Tenant(tenant)) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tenant {
    /// For messages whose tenant cannot be read; no job may have it.
    pub fn unreadable() -> Self {
        Self("reelwork.unreadable".to_owned())
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

/// The identity of a job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobKey {
    pub tenant: Tenant,
    pub id: JobId,
}

impl JobKey {
    pub fn new(tenant: Tenant, id: JobId) -> Self {
        Self { tenant, id }
    }

    /// Reads what [`Display`](fmt::Display) writes; a tenant holds no slash, an id may.
    pub fn parse(text: &str) -> Option<Self> {
        let (tenant, id) = text.split_once('/')?;
        Some(Self::new(Tenant::new(tenant).ok()?, JobId::new(id).ok()?))
    }

    /// A name-based id of this job in one life and round, equal wherever it is computed.
    pub(crate) fn derived_id(&self, parts: &[&str], life: &Life, round: u32) -> Uuid {
        // Length prefixes keep ("a", "bc") and ("ab", "c") apart.
        let mut name = String::new();
        let own = [self.tenant.as_str(), self.id.as_str()];
        for part in own.iter().chain(parts).copied().chain(life.part()) {
            name.push_str(&format!("{}:{part}|", part.len()));
        }
        name.push_str(&round.to_string());
        Uuid::new_v5(&NAMESPACE, name.as_bytes())
    }
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant.as_str(), self.id.as_str())
    }
}

/// The id we give the provider (`external_task_id`), unique per account as Kling demands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalId(String);

impl ExternalId {
    /// `installation` (`ledger.namespace`): two of them on one account never share an id.
    pub fn derive(installation: &str, key: &JobKey, life: &Life, round: u32) -> Self {
        Self(key.derived_id(&["external", installation], life, round).to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! string_conversions {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = BadIdentity;
            fn try_from(text: String) -> Result<Self, BadIdentity> { Self::new(text) }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String { name.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    )*};
}
string_conversions!(JobId, Tenant);

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn a_record_from_before_lives_keeps_its_ids() {
        let id = ExternalId::derive("reelwork", &key("a", "bc"), &Life::default(), 1);
        assert_eq!(id.as_str(), "13ae811c-ec36-5eac-85bc-74fc19d2148b");
    }

    fn key(tenant: &str, id: &str) -> JobKey {
        JobKey::new(Tenant::new(tenant).unwrap(), JobId::new(id).unwrap())
    }

    #[test]
    fn an_external_id_differs_by_installation_tenant_id_life_and_round() {
        let (life, next) = (Life::begun(Timestamp::EPOCH), Life::begun(Timestamp::from_millis(1)));
        let base = ExternalId::derive("reelwork", &key("a", "bc"), &life, 1);
        assert_eq!(base, ExternalId::derive("reelwork", &key("a", "bc"), &life, 1));
        for other in [
            ExternalId::derive("other", &key("a", "bc"), &life, 1),
            ExternalId::derive("reelwork", &key("ab", "c"), &life, 1),
            ExternalId::derive("reelwork", &key("a", "bd"), &life, 1),
            ExternalId::derive("reelwork", &key("a", "bc"), &next, 1),
            ExternalId::derive("reelwork", &key("a", "bc"), &life, 2),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_key_reads_back_even_when_the_id_holds_a_slash() {
        let key = key("acme", "orders/42/clip");
        assert_eq!(JobKey::parse(&key.to_string()), Some(key));
    }

    #[test]
    fn bad_identities_are_refused_with_what_was_given() {
        assert_eq!(JobId::new(""), Err(BadIdentity::Id(0)));
        assert_eq!(JobId::new("a\nb"), Err(BadIdentity::Id(3)));
        assert_eq!(JobId::new("x".repeat(161)), Err(BadIdentity::Id(161)));
        assert!(Tenant::new("a/b").is_err());
        assert!(Tenant::new("").is_err());
    }
}
