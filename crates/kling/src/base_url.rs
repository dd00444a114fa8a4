//! The address in front of `/kling/v1/`.

use std::fmt;

/// The provider's address, checked: http or https, a host, no user, no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

/// Why a base URL cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    #[error("the base URL must begin with https:// or http://")]
    Scheme,
    #[error("the base URL must not hold a user or password: the key has its own setting")]
    UserInfo,
    #[error("the base URL has no host")]
    NoHost,
    #[error("the base URL must not hold a query, a fragment, a backslash, spaces or control signs")]
    Form,
}

impl BaseUrl {
    /// CometAPI's address.
    pub const DEFAULT: &str = "https://api.cometapi.com";

    /// Check a base URL; slashes at its end are dropped.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let rest = after_scheme(text).ok_or(BaseUrlError::Scheme)?;
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(BaseUrlError::UserInfo);
        }
        if text.contains(|c: char| "?#\\".contains(c) || c.is_whitespace() || c.is_control()) {
            return Err(BaseUrlError::Form);
        }
        if authority.is_empty() || authority.starts_with(':') {
            return Err(BaseUrlError::NoHost);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// The whole address of a path below `/kling/v1/`.
    pub(crate) fn join(&self, path: &str) -> String {
        format!("{}/kling/v1/{path}", self.0)
    }
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn after_scheme(text: &str) -> Option<&str> {
    ["https://", "http://"].iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_at_the_end_make_no_difference() {
        for text in ["https://h.example", "https://h.example/", "https://h.example//"] {
            let base = BaseUrl::parse(text).expect(text);
            assert_eq!(base.join("videos/effects"), "https://h.example/kling/v1/videos/effects");
        }
    }

    #[test]
    fn ports_paths_and_literal_addresses_are_kept() {
        for text in ["http://127.0.0.1:8080", "http://[::1]:80", "HTTPS://h/gateway"] {
            assert_eq!(BaseUrl::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn a_url_that_could_leak_or_mislead_is_refused() {
        for (text, error) in [
            ("ftp://h", BaseUrlError::Scheme),
            ("api.cometapi.com", BaseUrlError::Scheme),
            ("", BaseUrlError::Scheme),
            ("https://user:secret@h", BaseUrlError::UserInfo),
            ("https://secret@h/path", BaseUrlError::UserInfo),
            ("https://", BaseUrlError::NoHost),
            ("https:///path", BaseUrlError::NoHost),
            ("https://:80", BaseUrlError::NoHost),
            ("https://h?x=1", BaseUrlError::Form),
            ("https://h\\evil", BaseUrlError::Form),
            ("https://h /", BaseUrlError::Form),
        ] {
            assert_eq!(BaseUrl::parse(text), Err(error), "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
