//! Which key a client has shown.

use std::collections::HashMap;
use std::sync::Arc;

use job::Timestamp;
use subtle::ConstantTimeEq;

use crate::entry::{ApiKey, Credential};
use crate::token;
use crate::{text, token::BadToken};

/// All keys, by id.
#[derive(Clone, Debug, Default)]
pub struct Keys(HashMap<String, Arc<ApiKey>>);

/// Why a client is refused. Whether an id is known is told only to those who have its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    #[error("the key is not known here")]
    Unknown,
    #[error("the key was revoked")]
    Revoked,
    #[error("the key has expired")]
    Expired,
    #[error("the token is not valid yet: compare the clocks")]
    TokenTooEarly,
    #[error("the token has expired: sign a new one")]
    TokenExpired,
}

impl FromIterator<ApiKey> for Keys {
    fn from_iter<I: IntoIterator<Item = ApiKey>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| (key.id.clone(), Arc::new(key))).collect())
    }
}

impl Keys {
    /// `shown`: the text after `Bearer`, a key or a token.
    pub fn find(&self, shown: &str, now: Timestamp) -> Result<Arc<ApiKey>, BadKey> {
        let key = match text::id_of(shown) {
            Some(id) => self.with_secret(id, shown)?,
            None => self.with_token(shown)?,
        };
        match (key.revoked_at, key.is_expired(now)) {
            (Some(_), _) => Err(BadKey::Revoked),
            (None, true) => Err(BadKey::Expired),
            (None, false) => Ok(key.clone()),
        }
    }

    /// Whether a key that a client has shown before still counts.
    pub fn has(&self, id: &str, now: Timestamp) -> bool {
        let counts = |key: &Arc<ApiKey>| key.revoked_at.is_none() && !key.is_expired(now);
        self.0.get(id).is_some_and(counts)
    }

    fn with_secret(&self, id: &str, shown: &str) -> Result<&Arc<ApiKey>, BadKey> {
        let key = self.0.get(id).ok_or(BadKey::Unknown)?;
        let Credential::Hash(hash) = &key.credential else { return Err(BadKey::Unknown) };
        match bool::from(text::hash(shown).ct_eq(hash)) {
            true => Ok(key),
            false => Err(BadKey::Unknown),
        }
    }

    fn with_token(&self, shown: &str) -> Result<&Arc<ApiKey>, BadKey> {
        let issuer = token::issuer(shown).ok_or(BadKey::Unknown)?;
        let id = text::id_of_access_key(&issuer).ok_or(BadKey::Unknown)?;
        let key = self.0.get(id).ok_or(BadKey::Unknown)?;
        let Credential::SigningSecret(secret) = &key.credential else {
            return Err(BadKey::Unknown);
        };
        match token::check(shown, secret) {
            Ok(()) => Ok(key),
            Err(BadToken::Forged) => Err(BadKey::Unknown),
            Err(BadToken::Early) => Err(BadKey::TokenTooEarly),
            Err(BadToken::Expired) => Err(BadKey::TokenExpired),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::SystemTime;

    use job::{Allowance, Tenant};
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn key(id: &str, credential: Credential) -> ApiKey {
        ApiKey {
            id: id.to_owned(),
            name: None,
            tenant: Tenant::default(),
            scopes: BTreeSet::new(),
            credential,
            allowance: Allowance::default(),
            created_at: Timestamp::EPOCH,
            expires_at: None,
            revoked_at: None,
        }
    }

    /// A key, and the text that its client has.
    fn hashed() -> (ApiKey, String) {
        let id = text::fresh_id();
        let shown = text::of(&id, text::fresh_secret().expose_secret());
        (key(&id, Credential::Hash(text::hash(&shown))), shown)
    }

    fn found(key: &ApiKey, shown: &str) -> Result<String, BadKey> {
        let keys: Keys = [key.clone()].into_iter().collect();
        keys.find(shown, NOW).map(|key| key.id.clone())
    }

    #[test]
    fn a_client_with_the_secret_is_known() {
        let (key, shown) = hashed();
        assert_eq!(found(&key, &shown), Ok(key.id.clone()));
        let other = text::of(&key.id, text::fresh_secret().expose_secret());
        for wrong in [other.as_str(), "", "rwk_", "any", &shown[..shown.len() - 1]] {
            assert_eq!(found(&key, wrong), Err(BadKey::Unknown), "{wrong}");
        }
    }

    #[test]
    fn a_key_ends() {
        let (key, shown) = hashed();
        let expired = |at| ApiKey { expires_at: Some(Timestamp::from_millis(at)), ..key.clone() };
        assert_eq!(found(&expired(1_001), &shown), Ok(key.id.clone()));
        assert_eq!(found(&expired(1_000), &shown), Err(BadKey::Expired));
        let revoked = ApiKey { revoked_at: Some(NOW), ..key.clone() };
        assert_eq!(found(&revoked, &shown), Err(BadKey::Revoked));
        let guess = text::of(&key.id, text::fresh_secret().expose_secret());
        assert_eq!(found(&revoked, &guess), Err(BadKey::Unknown), "nothing is told to strangers");
    }

    /// As Kling's documents sign it; `from` and `to` in seconds from now.
    fn token(algorithm: Algorithm, issuer: &str, secret: &str, from: i64, to: i64) -> String {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let at = |seconds: i64| now.as_secs().checked_add_signed(seconds).unwrap();
        let claims = json!({"iss": issuer, "exp": at(to), "nbf": at(from)});
        let key = EncodingKey::from_secret(secret.as_bytes()).unwrap();
        encode(&Header::new(algorithm), &claims, &key).unwrap()
    }

    #[test]
    fn a_token_is_good_while_it_is_valid_and_signed_with_the_secret() {
        const HS256: Algorithm = Algorithm::HS256;
        let (id, secret) = (text::fresh_id(), text::fresh_secret());
        let key = key(&id, Credential::SigningSecret(secret.clone()));
        let (access, secret) = (text::access_key(&id), secret.expose_secret());
        assert_eq!(found(&key, &token(HS256, &access, secret, -5, 1800)), Ok(id.clone()));
        for (wrong, why) in [
            (token(HS256, &access, secret, -1800, -120), BadKey::TokenExpired),
            (token(HS256, &access, secret, 120, 1800), BadKey::TokenTooEarly),
            (token(HS256, &access, &secret[1..], -5, 1800), BadKey::Unknown),
            (token(HS256, "rwk_000000000000", secret, -5, 1800), BadKey::Unknown),
            (token(HS256, "someone", secret, -5, 1800), BadKey::Unknown),
            (token(Algorithm::HS512, &access, secret, -5, 1800), BadKey::Unknown),
            (text::of(&id, secret), BadKey::Unknown),
        ] {
            assert_eq!(found(&key, &wrong), Err(why), "{wrong}");
        }
        let good = token(HS256, &access, secret, -5, 1800);
        let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
        assert_eq!(found(&key, &unsigned), Err(BadKey::Unknown));
        let (hashed, shown) = hashed();
        let forged = token(HS256, &text::access_key(&hashed.id), &shown, -5, 1800);
        assert_eq!(found(&hashed, &forged), Err(BadKey::Unknown), "it is no pair");
    }

    #[test]
    fn a_token_without_an_end_is_refused() {
        let (id, secret) = (text::fresh_id(), text::fresh_secret());
        let key = key(&id, Credential::SigningSecret(secret.clone()));
        let claims = json!({"iss": text::access_key(&id)});
        let signing = EncodingKey::from_secret(secret.expose_secret().as_bytes()).unwrap();
        let token = encode(&Header::new(Algorithm::HS256), &claims, &signing).unwrap();
        assert_eq!(found(&key, &token), Err(BadKey::Unknown));
    }

    #[test]
    fn a_key_is_not_in_its_debug_text() {
        let secret = text::fresh_secret();
        let key = key("0", Credential::SigningSecret(secret.clone()));
        assert!(!format!("{key:?}").contains(secret.expose_secret()));
    }
}
