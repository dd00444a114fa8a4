/// How compressed bodies begin; no JSON begins so.
const BEGINNINGS: [(&[u8], &str); 5] = [
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x78\x01", "deflate"),
    (b"\x78\x9c", "deflate"),
    (b"\x78\xda", "deflate"),
];

/// The compression, by the first bytes; `None`: it is not compressed.
pub(crate) fn how(body: &[u8]) -> Option<&'static str> {
    let found = BEGINNINGS.iter().find(|(beginning, _)| body.starts_with(beginning));
    found.map(|(_, how)| *how)
}
