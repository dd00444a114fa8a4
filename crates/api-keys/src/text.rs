//! The text of a key: `rwk_<id>_<secret>`, the id with 12 hex digits and the secret with 64.
//!
//! The prefix lets scanners of source code find keys. The id is public, and names the entry.

use std::fmt::Write;

use rand::Rng;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

const PREFIX: &str = "rwk_";
const ID_DIGITS: usize = 12;
const SECRET_DIGITS: usize = 64;

/// 48 random bits.
pub fn fresh_id() -> String {
    hex(&random::<{ ID_DIGITS / 2 }>())
}

/// 256 random bits: too many to guess, so that a fast hash of a key tells nothing of it.
pub fn fresh_secret() -> SecretString {
    hex(&random::<{ SECRET_DIGITS / 2 }>()).into()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// What a client shows.
pub fn of(id: &str, secret: &str) -> String {
    format!("{PREFIX}{id}_{secret}")
}

/// The public part of a pair of keys, `iss` of its tokens.
pub fn access_key(id: &str) -> String {
    format!("{PREFIX}{id}")
}

/// The id of such a public part.
pub(crate) fn id_of_access_key(text: &str) -> Option<&str> {
    text.strip_prefix(PREFIX).filter(|id| is_id(id))
}

/// The id of a whole key.
pub(crate) fn id_of(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    (is_id(id) && is_hex(secret, SECRET_DIGITS)).then_some(id)
}

pub(crate) fn is_id(text: &str) -> bool {
    is_hex(text, ID_DIGITS)
}

/// Of a whole key.
pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `None` unless it is a hash in hex.
pub(crate) fn read_hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if !is_hex(text, 2 * hash.len()) {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(hash)
}

fn is_hex(text: &str, digits: usize) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == digits && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_key_tells_its_id() {
        let (id, secret) = (fresh_id(), fresh_secret());
        let key = of(&id, secret.expose_secret());
        assert_eq!(id_of(&key), Some(id.as_str()));
        assert_eq!(key.len(), 4 + 12 + 1 + 64);
        assert_eq!(id_of_access_key(&access_key(&id)), Some(id.as_str()));
        assert_ne!(fresh_id(), id);
        for other in ["", "rwk_", &key[1..], &key[..80], &key.to_uppercase(), "sk-0123456789"] {
            assert_eq!(id_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = hash("a");
        assert_eq!(read_hash(&hex(&hash)), Some(hash));
        assert_eq!(read_hash("é".repeat(32).as_str()), None);
        assert_eq!(read_hash(""), None);
    }
}
