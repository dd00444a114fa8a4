//! Responses that a relay compressed although the request did not accept it.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};

/// The response as the provider wrote it, of at most `most` bytes. The error says why it cannot be
/// decompressed; then it is not known whether the request had an effect.
pub(crate) fn plain(body: Bytes, encoding: Option<&str>, most: usize) -> Result<Bytes, String> {
    let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
    match encoding.as_str() {
        "gzip" | "x-gzip" => unpacked(GzDecoder::new(&body[..]), &encoding, most),
        "deflate" => unpacked(ZlibDecoder::new(&body[..]), &encoding, most)
            .or_else(|_| unpacked(DeflateDecoder::new(&body[..]), &encoding, most)),
        // Compressed without a header, as some proxies do.
        _ if body.starts_with(&[0x1f, 0x8b]) => unpacked(GzDecoder::new(&body[..]), "gzip", most),
        "" | "identity" => Ok(body),
        _ if body.first().is_some_and(|byte| matches!(byte, b'{' | b'[' | b'<')) => Ok(body),
        other => Err(format!("the answer is packed as {other:?}, which is not read here")),
    }
}

fn unpacked(packed: impl Read, encoding: &str, most: usize) -> Result<Bytes, String> {
    let mut plain = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    packed
        .take(limit)
        .read_to_end(&mut plain)
        .map_err(|error| format!("the answer is not the {encoding} that it says: {error}"))?;
    match plain.len() > most {
        true => Err(format!("the answer is over {most} bytes")),
        false => Ok(plain.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const ANSWER: &[u8] = br#"{"code":0,"data":{"task_id":"7","task_status":"submitted"}}"#;

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap().into()
    }

    #[test]
    fn packed_answers_are_read() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(ANSWER).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(ANSWER).unwrap();
        let (zlib, raw) = (zlib.finish().unwrap(), raw.finish().unwrap());
        for (body, encoding) in [
            (gzip(ANSWER), Some("gzip")),
            (gzip(ANSWER), Some("X-GZIP")),
            (gzip(ANSWER), None),
            (zlib.into(), Some("deflate")),
            (raw.into(), Some("deflate")),
            (Bytes::from_static(ANSWER), None),
            (Bytes::from_static(ANSWER), Some("br")),
        ] {
            assert_eq!(plain(body, encoding, 4096).unwrap(), ANSWER, "{encoding:?}");
        }
    }

    #[test]
    fn what_cannot_be_unpacked_is_said_in_words() {
        let said = |body: Bytes, encoding| plain(body, Some(encoding), 100).unwrap_err();
        assert!(said(Bytes::from_static(b"\x0b\x02\x80"), "br").contains("\"br\""));
        assert!(said(Bytes::from_static(b"{}"), "gzip").contains("not the gzip"));
        assert!(said(gzip(&[b' '; 9000]), "gzip").contains("over 100"));
    }
}
