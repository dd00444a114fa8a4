//! Standard Webhooks 1.0: HMAC-SHA256 over `{id}.{timestamp}.{body}`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// The lengths of a key that the specification allows.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Without the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret is whsec_ and the Base64 of 24 to 64 random bytes")]
pub struct BadSecret;

/// Signs with every secret, so that receivers may change from the old one to the new one in their own time.
#[derive(Clone)]
pub struct Signer {
    macs: Vec<Hmac<Sha256>>,
}

impl Signer {
    /// `None` without a secret.
    pub fn new(secrets: &[SecretString]) -> Result<Option<Self>, BadSecret> {
        let macs: Vec<_> = secrets.iter().map(mac).collect::<Result<_, _>>()?;
        Ok((!macs.is_empty()).then_some(Self { macs }))
    }

    /// The value of `webhook-signature`. `timestamp`: Unix seconds.
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let signed = |mac: &Hmac<Sha256>| {
            let mac = mac.clone().chain_update(format!("{id}.{timestamp}.")).chain_update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        };
        self.macs.iter().map(signed).collect::<Vec<_>>().join(" ")
    }
}

fn mac(secret: &SecretString) -> Result<Hmac<Sha256>, BadSecret> {
    let encoded = secret.expose_secret().strip_prefix(PREFIX).ok_or(BadSecret)?;
    let key = STANDARD.decode(encoded).map_err(|_| BadSecret)?;
    match KEY_BYTES.contains(&key.len()) {
        true => Hmac::new_from_slice(&key).map_err(|_| BadSecret),
        false => Err(BadSecret),
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("secrets", &self.macs.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the provider's page about its own callbacks.
    const SECRET: &str = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=";
    const BODY: &str = r#"{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}"#;
    const SIGNATURE: &str = "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=";
    const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn signer(secrets: &[&str]) -> Signer {
        let secrets: Vec<_> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        Signer::new(&secrets).unwrap().unwrap()
    }

    #[test]
    fn the_signature_is_that_of_published_vectors() {
        let signed = signer(&[SECRET]).sign("9876543210", 1_781_080_794, BODY.as_bytes());
        assert_eq!(signed, SIGNATURE);
        let signed = signer(&[OTHER]).sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn while_a_secret_is_replaced_both_sign() {
        let both = signer(&[OTHER, SECRET]).sign("9876543210", 1_781_080_794, BODY.as_bytes());
        let parts: Vec<_> = both.split(' ').collect();
        assert_eq!((parts.len(), parts[1]), (2, SIGNATURE));
        assert_ne!(parts[0], SIGNATURE);
    }

    #[test]
    fn what_is_no_secret_is_refused_and_none_is_shown() {
        let short = format!("{PREFIX}{}", STANDARD.encode([7; 23]));
        let long = format!("{PREFIX}{}", STANDARD.encode([7; 65]));
        for bad in ["", "whsec_", "whsec_canary!", &SECRET[6..], &short, &long] {
            let error = Signer::new(&[bad.into()]).unwrap_err();
            assert!(!error.to_string().contains("canary"));
        }
        assert!(Signer::new(&[]).unwrap().is_none());
        assert_eq!(format!("{:?}", signer(&[SECRET])), "Signer { secrets: 1, .. }");
    }
}
