/// How bodies begin that a producer has compressed; no JSON does.
const BEGINNINGS: [(&[u8], &str); 5] = [
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x78\x01", "deflate"),
    (b"\x78\x9c", "deflate"),
    (b"\x78\xda", "deflate"),
];

/// `None`: not, as far as its first bytes tell.
pub(crate) fn how(body: &[u8]) -> Option<&'static str> {
    let found = BEGINNINGS.iter().find(|(beginning, _)| body.starts_with(beginning));
    found.map(|(_, how)| *how)
}
