//! Clients have no key: only programs on this machine are served, no page in its browser, and nobody
//! through a proxy.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, HOST, ORIGIN, VIA};

use crate::refusal::Refusal;

/// Sent by proxies.
const FORWARDS: [&str; 4] =
    ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Whether it is from a program that was given this machine's address.
pub(super) fn is_local(headers: &HeaderMap) -> Result<(), Refusal> {
    let forwarded = FORWARDS.iter().any(|name| headers.contains_key(*name));
    if forwarded || headers.contains_key(FORWARDED) || headers.contains_key(VIA) {
        return Err(Refusal::NotLocal("it comes through a proxy"));
    }
    if headers.contains_key(ORIGIN) || is_of_another_site(headers) {
        return Err(Refusal::NotLocal("it comes from a page in a browser"));
    }
    match headers.get(HOST).and_then(|host| host.to_str().ok()).is_none_or(names_this_machine) {
        true => Ok(()),
        // A page can have its own name point to this machine.
        false => Err(Refusal::NotLocal("its Host header names another host")),
    }
}

fn is_of_another_site(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    site.is_some_and(|site| !matches!(site, b"none" | b"same-origin"))
}

/// An address, or `localhost`, with a port or without.
fn names_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn with(name: &'static str, value: &'static str) -> HeaderMap {
        [(HeaderName::from_static(name), HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn only_programs_on_this_machine_are_served() {
        for host in ["127.0.0.1:8081", "localhost", "LocalHost:8081", "[::1]:8081", "10.0.0.1"] {
            assert!(is_local(&with("host", host)).is_ok(), "{host}");
        }
        assert!(is_local(&HeaderMap::new()).is_ok());
        assert!(is_local(&with("sec-fetch-site", "none")).is_ok());
        for (name, value) in [
            ("host", "evil.example"),
            ("host", "evil.example:8081"),
            ("host", "localhost.evil.example"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("x-forwarded-for", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
            ("via", "1.1 proxy"),
        ] {
            let refused = is_local(&with(name, value));
            assert!(matches!(refused, Err(Refusal::NotLocal(_))), "{name}: {value}");
        }
    }
}
