//! Requests from this machine, where clients need no key: through no proxy, and not from a page of
//! another site.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, HOST, ORIGIN, VIA};

/// Sent by proxies.
const FORWARDS: [&str; 4] =
    ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Why a request is not one from this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLocal {
    #[error("it comes through a proxy")]
    Proxy,
    #[error("it comes from a page in a browser")]
    Page,
    /// A page can have its own name point to this machine.
    #[error("its Host header names another host")]
    OtherHost,
}

/// A program that was given this machine's address, and no page in a browser.
pub fn is_of_a_program_here(headers: &HeaderMap) -> Result<(), NotLocal> {
    let is_of_page = headers.contains_key(ORIGIN) || is_of_another_site(headers);
    is_direct(headers)?;
    match is_of_page {
        true => Err(NotLocal::Page),
        false => names_this_host(headers),
    }
}

/// A browser, or a program, that was given this machine's address. Whether another site's page has sent
/// it, [`is_of_another_site`] tells.
pub fn is_of_a_browser_here(headers: &HeaderMap) -> Result<(), NotLocal> {
    is_direct(headers)?;
    names_this_host(headers)
}

fn is_direct(headers: &HeaderMap) -> Result<(), NotLocal> {
    let forwarded = FORWARDS.iter().any(|name| headers.contains_key(*name));
    match forwarded || headers.contains_key(FORWARDED) || headers.contains_key(VIA) {
        true => Err(NotLocal::Proxy),
        false => Ok(()),
    }
}

fn names_this_host(headers: &HeaderMap) -> Result<(), NotLocal> {
    match headers.get(HOST).and_then(|host| host.to_str().ok()).is_none_or(names_this_machine) {
        true => Ok(()),
        false => Err(NotLocal::OtherHost),
    }
}

/// A browser says so. One that says nothing is no browser of these years, or no browser.
pub fn is_of_another_site(headers: &HeaderMap) -> bool {
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
            assert!(is_of_a_program_here(&with("host", host)).is_ok(), "{host}");
        }
        assert!(is_of_a_program_here(&HeaderMap::new()).is_ok());
        assert!(is_of_a_program_here(&with("sec-fetch-site", "none")).is_ok());
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
            assert!(is_of_a_program_here(&with(name, value)).is_err(), "{name}: {value}");
        }
    }

    #[test]
    fn a_browser_may_be_here_but_not_behind_a_proxy_or_under_another_name() {
        assert_eq!(is_of_a_browser_here(&with("origin", "http://127.0.0.1:8081")), Ok(()));
        assert_eq!(is_of_a_browser_here(&with("via", "1.1 proxy")), Err(NotLocal::Proxy));
        assert_eq!(is_of_a_browser_here(&with("host", "evil.example")), Err(NotLocal::OtherHost));
        for (site, other) in [("same-origin", false), ("none", false), ("same-site", true)] {
            assert_eq!(is_of_another_site(&with("sec-fetch-site", site)), other, "{site}");
        }
    }
}
