//! The key that a browser keeps.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;

pub(crate) const NAME: &str = "reelwork_key";

/// `None`: it keeps none.
pub(crate) fn shown(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).map(str::trim);
    pairs.find_map(|pair| Some(pair.strip_prefix(NAME)?.strip_prefix('=')?.to_owned()))
}
