use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::JobKey;

/// The path between the gateway's address and the result of [`CallbackSigner::sign`].
pub const CALLBACK_PATH: &str = "/callbacks/";

/// Makes these tokens differ from others that are signed with the same secret.
const PURPOSE: &str = "reelwork callback 1";

/// Which submission a callback is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackTo {
    pub key: JobKey,
    pub round: u32,
}

/// An address that we have not signed. Without details, because strangers may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address of ours")]
pub struct BadCallback;

/// Makes and verifies the addresses that a provider calls back.
///
/// The address holds the job's identity and a token over it, so that only a caller that was given
/// the address can give a hint about the job. The first secret signs; all are accepted.
#[derive(Clone)]
pub struct CallbackSigner {
    installation: String,
    macs: Vec<Hmac<Sha256>>,
}

impl CallbackSigner {
    /// `None` without a secret. With `installation`, two installations that share a secret differ.
    pub fn new(installation: &str, secrets: &[SecretString]) -> Option<Self> {
        let mac =
            |secret: &SecretString| Hmac::new_from_slice(secret.expose_secret().as_bytes()).ok();
        let macs: Vec<_> = secrets.iter().filter_map(mac).collect();
        (!macs.is_empty()).then(|| Self { installation: installation.to_owned(), macs })
    }

    /// The path behind [`CALLBACK_PATH`]: job, round and token.
    pub fn sign(&self, to: &CallbackTo) -> String {
        let token = self.macs.first().map(|mac| self.over(mac, to).finalize().into_bytes());
        let job = URL_SAFE_NO_PAD.encode(to.key.to_string());
        format!("{job}/{}/{}", to.round, URL_SAFE_NO_PAD.encode(token.unwrap_or_default()))
    }

    /// The job and round of an address, if we signed it. Tokens are compared in constant time.
    pub fn read(&self, path: &str) -> Result<CallbackTo, BadCallback> {
        let (to, token) = parse(path).ok_or(BadCallback)?;
        let is_ours = |mac| self.over(mac, &to).verify_slice(&token).is_ok();
        // Not `any`: the time it takes must not show which secret matched.
        let ours = self.macs.iter().map(is_ours).fold(false, |ours, is| ours | is);
        if ours { Ok(to) } else { Err(BadCallback) }
    }

    fn over(&self, mac: &Hmac<Sha256>, to: &CallbackTo) -> Hmac<Sha256> {
        let (tenant, id) = (to.key.tenant.as_str(), to.key.id.as_str());
        let round = to.round.to_string();
        // Length prefixes keep ("a", "bc") and ("ab", "c") apart.
        [PURPOSE, &self.installation, tenant, id, &round].iter().fold(mac.clone(), |mac, part| {
            mac.chain_update(part.len().to_be_bytes()).chain_update(part)
        })
    }
}

fn parse(path: &str) -> Option<(CallbackTo, Vec<u8>)> {
    let mut parts = path.split('/');
    let key = String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
    let round = parts.next()?.parse().ok()?;
    let token = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    let to = CallbackTo { key: JobKey::parse(&key)?, round };
    parts.next().is_none().then_some((to, token))
}

impl fmt::Debug for CallbackSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.macs.len();
        f.debug_struct("CallbackSigner").field("secrets", &secrets).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secrets: &[&str]) -> CallbackSigner {
        let secrets: Vec<_> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        CallbackSigner::new("reelwork", &secrets).unwrap()
    }

    fn to(key: &str, round: u32) -> CallbackTo {
        CallbackTo { key: JobKey::parse(key).unwrap(), round }
    }

    #[test]
    fn an_address_reads_back_whatever_the_id_holds() {
        let signer = signer(&["one"]);
        for key in ["default/a", "../..", "a/orders/42?x=1&y#z", "a/ü %2F\u{1F3AC}"] {
            let path = signer.sign(&to(key, 7));
            assert_eq!(signer.read(&path), Ok(to(key, 7)), "{key}");
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_/".contains(c);
            assert!(path.chars().all(plain), "{path} needs no encoding");
        }
    }

    #[test]
    fn a_token_is_good_for_one_job_one_round_and_one_installation() {
        let ours = signer(&["one"]);
        let path = ours.sign(&to("default/a", 1));
        let token = path.rsplit('/').next().unwrap();
        for other in ["default/b", "other/a"] {
            let job = URL_SAFE_NO_PAD.encode(other);
            assert_eq!(ours.read(&format!("{job}/1/{token}")), Err(BadCallback));
        }
        let job = URL_SAFE_NO_PAD.encode("default/a");
        assert_eq!(ours.read(&format!("{job}/2/{token}")), Err(BadCallback));
        let elsewhere = CallbackSigner::new("other", &["one".into()]).unwrap();
        assert_eq!(elsewhere.read(&path), Err(BadCallback));
    }

    #[test]
    fn secrets_rotate_without_losing_what_was_signed() {
        let to = to("default/a", 1);
        let (old, both, new) = (signer(&["old"]), signer(&["new", "old"]), signer(&["new"]));
        assert_eq!(both.read(&old.sign(&to)), Ok(to.clone()));
        assert_eq!(both.sign(&to), new.sign(&to), "the first signs");
        assert_eq!(new.read(&old.sign(&to)), Err(BadCallback));
    }

    #[test]
    fn strangers_are_not_read() {
        let signer = signer(&["one"]);
        let good = signer.sign(&to("default/a", 1));
        let short = &good[..good.len() - 2];
        for path in ["", "/", "a/b/c", &format!("{good}/x"), short, "ZGVmYXVsdC9h/1/"] {
            assert_eq!(signer.read(path), Err(BadCallback), "{path}");
        }
        assert!(CallbackSigner::new("reelwork", &[]).is_none());
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert_eq!(format!("{:?}", signer(&["canary"])), "CallbackSigner { secrets: 1, .. }");
    }
}
