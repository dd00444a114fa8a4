use std::time::Duration;

use ports::LedgerError;
use secrecy::SecretString;
use tls::Files;

use crate::keys::{FIRST_SHARDS, Keys};

/// A process has a connection for each shard of a cluster, and claims from each.
const MOST_SHARDS: u16 = 64;

/// The address of the ledger and its configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `redis://[user][:password@]host[:port][/db]` (or `?db=N`, and `?protocol=resp3`), or
    /// `unix:///path?db=N`; `redis+sentinel://[user:password@]host[:26379],…/master[/db]`, where
    /// the password is for Redis and not for the sentinels;
    /// `redis+cluster://[user:password@]host[:6379],…`. With TLS: `rediss`, `rediss+sentinel`,
    /// `rediss+cluster`. A part that would be ignored is refused.
    pub url: SecretString,
    /// For sentinels that need a password.
    pub sentinel_password: Option<SecretString>,
    /// For a URL with TLS. The system's authorities are those of `SSL_CERT_FILE`, if it is set.
    pub tls: Files,
    /// 1 to 64. Fixed when a ledger first starts: another number is refused.
    pub shards: u16,
    /// The prefix of every key: 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
    pub namespace: String,
    /// How long a settled record is kept once its outcome is announced.
    pub retention: Duration,
    /// The longest wait of a call.
    pub timeout: Duration,
    /// Accept a server that may drop keys when its memory is full, or does not report whether.
    pub allow_unsafe: bool,
}

impl Settings {
    pub fn new(url: impl Into<SecretString>, namespace: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            sentinel_password: None,
            tls: Files::default(),
            shards: FIRST_SHARDS,
            namespace: namespace.into(),
            retention: Duration::from_secs(7 * 24 * 3600),
            timeout: Duration::from_secs(5),
            allow_unsafe: false,
        }
    }

    pub(crate) fn keys(&self) -> Result<Keys, LedgerError> {
        if !(1..=MOST_SHARDS).contains(&self.shards) {
            let text = format!("a ledger has 1 to {MOST_SHARDS} shards, not {}", self.shards);
            return Err(LedgerError::Denied(text));
        }
        Ok(Keys::new(self.checked_namespace()?, self.shards))
    }

    /// A brace would move keys to another slot; a star would match keys of other namespaces.
    fn checked_namespace(&self) -> Result<&str, LedgerError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let fits = (1..=64).contains(&self.namespace.len()) && self.namespace.chars().all(allowed);
        if fits {
            Ok(&self.namespace)
        } else {
            Err(LedgerError::Denied(format!(
                "the namespace must be 1 to 64 characters of A-Z a-z 0-9 . _ -, got \"{}\"",
                self.namespace
            )))
        }
    }
}
