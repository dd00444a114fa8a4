//! An entry of the file, as it is written.

use std::collections::BTreeSet;

use job::{Allowance, Cap, Money, Tenant, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::entry::{ApiKey, Credential};
use crate::scope::Scope;
use crate::text;

/// The whole file.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rows {
    #[serde(default)]
    pub(crate) key: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    tenant: Tenant,
    scopes: BTreeSet<Scope>,
    /// Of the whole key, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Of a pair of keys.
    #[serde(skip_serializing_if = "Option::is_none", default, with = "secret_text")]
    signing_secret: Option<SecretString>,
    /// Submissions a minute; without it, any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<u32>,
    /// USD, by estimate, in a UTC day and month.
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_per_day: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_per_month: Option<Money>,
    created_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<Moment>,
}

/// An error of another type would show the value.
mod secret_text {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        secret: &Option<SecretString>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(ExposeSecret::expose_secret).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SecretString>, D::Error> {
        match toml::Value::deserialize(from)? {
            toml::Value::String(text) => Ok(Some(text.into())),
            _ => Err(de::Error::custom("signing_secret is a text")),
        }
    }
}

/// RFC 3339.
#[derive(Clone, Copy)]
struct Moment(Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let wrong = || de::Error::custom(format!("is not {}", Timestamp::FORM));
        Timestamp::parse(&text).map(Self).ok_or_else(wrong)
    }
}

impl Row {
    pub(crate) fn of(key: &ApiKey) -> Self {
        let (sha256, signing_secret) = match &key.credential {
            Credential::Hash(hash) => (Some(text::hex(hash)), None),
            Credential::SigningSecret(secret) => (None, Some(secret.clone())),
        };
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            tenant: key.tenant.clone(),
            scopes: key.scopes.clone(),
            sha256,
            signing_secret,
            rate: Some(key.allowance.per_minute).filter(|rate| *rate > 0),
            budget_per_day: key.allowance.budget.day,
            budget_per_month: key.allowance.budget.month,
            created_at: Moment(key.created_at),
            expires_at: key.expires_at.map(Moment),
            revoked_at: key.revoked_at.map(Moment),
        }
    }

    /// The error holds no secret.
    pub(crate) fn read(self) -> Result<ApiKey, String> {
        if !text::is_id(&self.id) {
            return Err("an id has 12 hex digits".to_owned());
        }
        if self.rate == Some(0) {
            return Err(format!("key {}: a rate of 0 would be no limit: revoke it", self.id));
        }
        let credential = credential(self.sha256, self.signing_secret)
            .ok_or_else(|| format!("key {}: it needs sha256 or signing_secret", self.id))?;
        let budget = Cap { day: self.budget_per_day, month: self.budget_per_month };
        Ok(ApiKey {
            id: self.id,
            name: self.name,
            tenant: self.tenant,
            scopes: self.scopes,
            credential,
            allowance: Allowance { per_minute: self.rate.unwrap_or(0), budget },
            created_at: self.created_at.0,
            expires_at: self.expires_at.map(|at| at.0),
            revoked_at: self.revoked_at.map(|at| at.0),
        })
    }
}

/// A short secret could be guessed from a token. `None` unless there is exactly one that is good.
fn credential(sha256: Option<String>, secret: Option<SecretString>) -> Option<Credential> {
    const FEWEST: usize = 16;
    match (sha256, secret) {
        (Some(hash), None) => text::read_hash(&hash).map(Credential::Hash),
        (None, Some(secret)) => {
            let is_long = secret.expose_secret().len() >= FEWEST;
            is_long.then_some(Credential::SigningSecret(secret))
        }
        (Some(_), Some(_)) | (None, None) => None,
    }
}
