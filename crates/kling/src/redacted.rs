//! Removes the API key from responses: some repeat it, and their messages are logged and stored.

use bytes::Bytes;

use crate::answer::utf16;

const INSTEAD: &[u8] = b"[redacted]";

/// A shorter key may stand in any text by chance.
const SHORTEST: usize = 8;

/// The body without the key, as it is and as JSON, HTML, a URL or Base64 (HTTP's Basic) write it.
pub(crate) fn without_key(body: Bytes, key: &str) -> Bytes {
    if key.len() < SHORTEST {
        return body;
    }
    let forms = Forms::of(key.as_bytes());
    let found = match utf16(&body) {
        Some(text) => redacted(text.as_bytes(), &forms),
        None => redacted(&body, &forms),
    };
    found.map_or(body, Bytes::from)
}

/// `None` where the key is nowhere.
fn redacted(body: &[u8], forms: &Forms<'_>) -> Option<Vec<u8>> {
    let (mut out, mut kept, mut at) = (Vec::new(), 0, 0);
    while at < body.len() {
        let Some(length) = forms.at(&body[at..]) else {
            at += 1;
            continue;
        };
        out.extend_from_slice(&body[kept..at]);
        out.extend_from_slice(INSTEAD);
        at += length;
        kept = at;
    }
    (kept > 0).then(|| {
        out.extend_from_slice(&body[kept..]);
        out
    })
}

struct Forms<'a> {
    key: &'a [u8],
    /// What Base64 makes of it, whatever stands around it.
    base64: [Vec<u8>; 3],
}

impl<'a> Forms<'a> {
    fn of(key: &'a [u8]) -> Self {
        Self { key, base64: [0, 1, 2].map(|before| base64(key, before)) }
    }

    /// How many bytes of the key's are at the beginning of the text.
    fn at(&self, text: &[u8]) -> Option<usize> {
        let encoded = || self.base64.iter().find_map(|form| same_base64(text, form));
        written(text, self.key).or_else(encoded)
    }
}

/// Each sign in any of its spellings.
fn written(text: &[u8], key: &[u8]) -> Option<usize> {
    let mut at = 0;
    for sign in key {
        at += spelled(&text[at..], *sign)?;
    }
    Some(at)
}

fn spelled(text: &[u8], sign: u8) -> Option<usize> {
    if text.first() == Some(&sign) {
        return Some(1);
    }
    match text.first()? {
        b'%' => hex(text.get(1..3)?, sign).then_some(3),
        b'\\' => escaped(text, sign),
        b'&' => entity(text, sign),
        _ => None,
    }
}

/// As JSON writes it, also JSON inside of JSON.
fn escaped(text: &[u8], sign: u8) -> Option<usize> {
    let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
    let rest = &text[slashes..];
    match rest.first()? {
        b'u' => hex(rest.get(1..5)?, sign).then_some(slashes + 5),
        byte => (*byte == sign).then_some(slashes + 1),
    }
}

/// `&#47;` or `&#x2F;`.
fn entity(text: &[u8], sign: u8) -> Option<usize> {
    let end = text.iter().take(8).position(|byte| *byte == b';')?;
    let number = text[..end].strip_prefix(b"&#")?;
    let is = match number.strip_prefix(b"x").or_else(|| number.strip_prefix(b"X")) {
        Some(digits) => hex(digits, sign),
        None => std::str::from_utf8(number).is_ok_and(|text| text.parse() == Ok(sign)),
    };
    is.then_some(end + 1)
}

fn hex(digits: &[u8], sign: u8) -> bool {
    let text = std::str::from_utf8(digits).unwrap_or_default();
    u32::from_str_radix(text, 16) == Ok(u32::from(sign))
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The signs that follow from the key alone, with so many other bytes before it in its group.
fn base64(key: &[u8], before: usize) -> Vec<u8> {
    let bits: Vec<u8> =
        key.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    // Bits of the key that share a sign with what stands before it.
    let shared = (6 - before * 8 % 6) % 6;
    let value = |six: &[u8]| six.iter().fold(0, |value, bit| value << 1 | bit);
    bits[shared..].chunks_exact(6).map(|six| ALPHABET[usize::from(value(six))]).collect()
}

/// Of both alphabets, with `/` escaped or not, and with the signs that are shared at its ends.
fn same_base64(text: &[u8], form: &[u8]) -> Option<usize> {
    let mut at = 0;
    for sign in form {
        let other = match sign {
            b'+' => b'-',
            b'/' => b'_',
            same => *same,
        };
        at += spelled(&text[at..], *sign).or_else(|| spelled(&text[at..], other))?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-a/b+C_secret9";

    fn shown(body: &str) -> String {
        let body = without_key(Bytes::copy_from_slice(body.as_bytes()), KEY);
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[test]
    fn the_key_is_found_in_every_spelling() {
        for spelling in [
            KEY,
            r"sk-a\/b+C_secret9",
            r"sk-a\\\/b+C_secret9",
            r"sk\u002da\u002Fb\u002bC_secret9",
            "sk-a%2Fb%2bC_secret9",
            "%73%6b-a%2fb%2BC_secret9",
            "sk-a&#x2F;b&#43;C_secret9",
        ] {
            assert_eq!(shown(&format!("no key: {spelling}!")), "no key: [redacted]!", "{spelling}");
        }
    }

    #[test]
    fn the_key_is_found_in_base64_whatever_stands_around_it() {
        // Of the key alone, "x:KEY", "xy:KEY", "user:KEY:", "Bearer KEY".
        for encoded in [
            "c2stYS9iK0Nfc2VjcmV0OQ==",
            "eDpzay1hL2IrQ19zZWNyZXQ5",
            "eHk6c2stYS9iK0Nfc2VjcmV0OQ",
            "dXNlcjpzay1hL2IrQ19zZWNyZXQ5Og==",
            "QmVhcmVyIHNrLWEvYitDX3NlY3JldDk=",
        ] {
            let told = shown(&format!("Basic {encoded}"));
            assert!(told.contains("[redacted]"), "{told}");
            assert!(told.len() < 30, "hardly anything is left of it: {told}");
        }
    }

    #[test]
    fn what_is_not_the_key_stays_as_it_is() {
        for text in ["sk-a/b+C_secret", "100% \\u00 &# &amp; %2", "", "\\", "%", "&#;"] {
            assert_eq!(shown(text), text);
        }
        let wide = "\u{feff}{\"message\":\"no key: sk-a/b+C_secret9\"}";
        let bytes: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let told = without_key(bytes.into(), KEY);
        assert_eq!(&told[..], br#"{"message":"no key: [redacted]"}"#);
    }
}
