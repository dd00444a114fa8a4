use std::time::Duration;

use ports::LedgerError;
use secrecy::SecretString;

/// The address of the ledger and its configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `redis://[user][:password@]host[:port][/db]` (or `?db=N`, and `?protocol=resp3`),
    /// `rediss://` for TLS, or `unix:///path?db=N`. A part that would be ignored is refused.
    /// Private authorities are read from `SSL_CERT_FILE`.
    pub url: SecretString,
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
            namespace: namespace.into(),
            retention: Duration::from_secs(7 * 24 * 3600),
            timeout: Duration::from_secs(5),
            allow_unsafe: false,
        }
    }

    /// A brace would move keys to another slot; a star would match keys of other namespaces.
    pub(crate) fn checked_namespace(&self) -> Result<&str, LedgerError> {
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
