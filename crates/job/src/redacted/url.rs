//! Addresses that give access to what they name.

use std::borrow::Cow;

const INSTEAD: &str = "***";

/// In the names of parameters that carry a signature or a secret.
const TELLING: [&str; 8] =
    ["sig", "token", "key", "secret", "credential", "auth", "passw", "policy"];

/// A value this long, of these signs only, may be a signature under any name.
const LONG: usize = 32;

/// The text with each URL's user information and signed query masked.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_inclusive(char::is_whitespace).map(word).collect())
}

fn word(word: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = word.split_once("://") else { return Cow::Borrowed(word) };
    let end = rest.find(['/', '?', '#', '\\', '"']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{INSTEAD}@{host}"),
        None => authority.to_owned(),
    };
    Cow::Owned(format!("{scheme}://{authority}{}", of_path(path)))
}

/// The path and what follows it, which may be another URL.
fn of_path(path: &str) -> Cow<'_, str> {
    match path.split_once(['?', '#']) {
        Some((before, query)) if is_signed(query) => {
            let sign = &path[before.len()..=before.len()];
            let end = query.len() - query.trim_end().len();
            let blank = &query[query.len() - end..];
            Cow::Owned(format!("{}{sign}{INSTEAD}{blank}", word(before)))
        }
        Some(_) | None => word(path),
    }
}

fn is_signed(query: &str) -> bool {
    query.split(['&', ';', '?', '#']).any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or(("", parameter));
        let name = name.to_ascii_lowercase();
        TELLING.iter().any(|telling| name.contains(telling)) || is_long(value.trim_end())
    })
}

fn is_long(value: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_%=.~".contains(&byte);
    value.len() >= LONG && value.bytes().all(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_information_and_signed_queries_are_masked() {
        for (url, shown) in [
            ("https://host/a.png", "https://host/a.png"),
            (
                "https://host:8443/a.png?width=300&v=2#top",
                "https://host:8443/a.png?width=300&v=2#top",
            ),
            ("https://me:p@ss@host/a.png", "https://***@host/a.png"),
            ("ftp://me@host", "ftp://***@host"),
            ("https://s3/a?X-Amz-Date=1&X-Amz-Signature=ab", "https://s3/a?***"),
            ("https://blob/a?sv=2024&sig=ab%3D", "https://blob/a?***"),
            ("https://oss/a?OSSAccessKeyId=a&Expires=1", "https://oss/a?***"),
            ("https://host/a#access_token=b", "https://host/a#***"),
            ("https://host/a?x=0123456789abcdef0123456789abcdef", "https://host/a?***"),
            ("https://host/a?0123456789abcdef0123456789abcdef", "https://host/a?***"),
            ("https://host?token=b", "https://host?***"),
            ("https://proxy/https://me:pw@host/a", "https://proxy/https://***@host/a"),
            ("https://proxy/?u=https://me:pw@host/", "https://proxy/?u=https://***@host/"),
        ] {
            assert_eq!(masked(url), shown, "{url}");
        }
    }

    #[test]
    fn addresses_are_found_in_a_text() {
        let text = "like https://me:pw@host/a?sig=b and\nhttps://host/c, not a@b";
        assert_eq!(masked(text), "like https://***@host/a?*** and\nhttps://host/c, not a@b");
        assert_eq!(masked("16:9, a@b // c?key=d"), "16:9, a@b // c?key=d");
        assert_eq!(masked(r#"{"url":"https://me:pw@host"}"#), r#"{"url":"https://***@host"}"#);
    }
}
