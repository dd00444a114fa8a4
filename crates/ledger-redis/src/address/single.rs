//! Reads the URL of one server. The URL library drops parts that it does not know, so that another
//! database than the named one could be used.

use ports::LedgerError;
use redis::{ConnectionInfo, IntoConnectionInfo, parse_redis_url};

use super::refused;

const ON_TCP: [&str; 2] = ["db", "protocol"];
const ON_SOCKET: [&str; 4] = ["db", "protocol", "user", "pass"];

pub(super) fn read(text: &str) -> Result<ConnectionInfo, LedgerError> {
    let url = parse_redis_url(text).ok_or_else(|| refused("is not a Redis URL"))?;
    let on_socket = url.scheme().ends_with("unix");
    let query: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    check_query(&query, if on_socket { &ON_SOCKET } else { &ON_TCP })?;
    check_fragment(url.scheme(), url.fragment())?;
    let named = query.iter().find(|(name, _)| name == "db").map(|(_, value)| value.as_str());
    let mut info = url.as_str().into_connection_info().map_err(|_| refused("is not a Redis URL"));
    if !on_socket {
        let database = database(url.path(), named)?;
        info = info.map(|info| with_database(info, database));
    } else if let Some(value) = named {
        number(value)?;
    }
    info
}

fn with_database(info: ConnectionInfo, database: i64) -> ConnectionInfo {
    let settings = info.redis_settings().clone().set_db(database);
    info.set_redis_settings(settings)
}

fn check_query(query: &[(String, String)], known: &[&str]) -> Result<(), LedgerError> {
    for (n, (name, _)) in query.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            let known = known.join(", ");
            return Err(refused(&format!("has a ? part that would be ignored: known are {known}")));
        }
        if query[..n].iter().any(|(before, _)| before == name) {
            return Err(refused(&format!("names {name} twice")));
        }
    }
    Ok(())
}

/// `rediss://…#insecure` turns off the check of the certificate; other fragments would be ignored.
fn check_fragment(scheme: &str, fragment: Option<&str>) -> Result<(), LedgerError> {
    let with_tls = matches!(scheme, "rediss" | "valkeys");
    match fragment {
        None => Ok(()),
        Some("insecure") if with_tls => Ok(()),
        Some(_) => Err(refused("has a # part that would be ignored")),
    }
}

/// `/5` and `?db=5` mean the same.
fn database(path: &str, named: Option<&str>) -> Result<i64, LedgerError> {
    let in_path = match path.strip_prefix('/').unwrap_or(path) {
        "" => None,
        text => Some(number(text)?),
    };
    let in_query = named.map(number).transpose()?;
    match (in_path, in_query) {
        (Some(one), Some(other)) if one != other => Err(refused("names two databases")),
        (one, other) => Ok(one.or(other).unwrap_or(0)),
    }
}

fn number(text: &str) -> Result<i64, LedgerError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| refused("names a database that is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_url_is_honoured() {
        for (url, database) in [
            ("redis://h", 0),
            ("redis://h/", 0),
            ("redis://h/5", 5),
            ("redis://h?db=5", 5),
            ("redis://h/?db=5", 5),
            ("redis://h/5?db=5&protocol=resp3", 5),
            ("rediss://h:1/7#insecure", 7),
            ("unix:///tmp/s?db=3", 3),
            ("valkey://h?db=2", 2),
        ] {
            assert_eq!(read(url).unwrap().redis_settings().db(), database, "{url}");
        }
        let info = read("redis://ann:p%23%2F%40ss@h?db=1").unwrap();
        let settings = info.redis_settings();
        assert_eq!((settings.username(), settings.password()), (Some("ann"), Some("p#/@ss")));
        let third = read("redis://h?protocol=resp3").unwrap();
        assert_eq!(third.redis_settings().protocol(), redis::ProtocolVersion::RESP3);
    }

    #[test]
    fn what_would_be_ignored_is_refused_without_showing_a_secret() {
        for url in [
            "redis://h?database=5",
            "redis://h?db=x",
            "redis://h?db=",
            "redis://h?db=-1",
            "redis://h?db=1&db=2",
            "redis://h/1?db=2",
            "redis://h/1/2",
            "redis://h/x",
            "redis://h#insecure",
            "redis://h#canary",
            "rediss://h#canary",
            "redis://h?timeout=5",
            "redis://h?protocol=resp9",
            "unix:///tmp/s?db=x",
            "unix:///tmp/s#canary",
            "http://h",
            "canary",
            "redis://",
            // A password that is not percent-encoded.
            "redis://:canary#1@h",
            "redis://:canary/1@h",
            "redis://:canary?1@h",
            "redis://user:123#canary@h",
            "redis://user:123/canary@h",
            "redis://user:123?canary@h",
            "redis://user:canary#x@h:6379/0",
        ] {
            let error = read(url).map(|info| info.addr().to_string()).unwrap_err();
            assert!(matches!(&error, LedgerError::Denied(_)), "{url}: {error:?}");
            let text = error.to_string();
            assert!(text.contains("%23") && !text.contains("canary"), "{url}: {text}");
        }
    }
}
