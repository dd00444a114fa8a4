//! Services that already run: they are used and never stopped.

use std::net::{TcpStream, ToSocketAddrs};

use servers::probe;

use super::Kind;
use crate::failure::Failure;
use crate::process::say;

/// From the environment variable. If it is set, no other server is used.
pub(super) fn named(kind: Kind) -> Result<Option<String>, Failure> {
    let Ok(url) = std::env::var(kind.url_variable()) else { return Ok(None) };
    let place = place(&url, kind.standard_port());
    if let Some(place) = &place
        && let Err(error) = connect(place)
    {
        let what = format!("{} names {}:{}", kind.url_variable(), place.0, place.1);
        return Err(Failure::stuck(what, error));
    }
    say(format!("{kind}: the one that {} names", kind.url_variable()));
    Ok(Some(url))
}

/// On the standard local port, if it accepts the default login.
pub(super) fn local(kind: Kind) -> Option<String> {
    let port = kind.standard_port();
    kind.answers(port).then(|| {
        say(format!("{kind}: the one on 127.0.0.1:{port}"));
        kind.local_url(port)
    })
}

fn connect(place: &(String, u16)) -> std::io::Result<()> {
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for address in place.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, probe::PATIENCE) {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Host and port of a URL; `None` if it has none, as for a socket file.
fn place(url: &str, standard_port: u16) -> Option<(String, u16)> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (place, standard_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_read_from_a_url_and_never_the_password() {
        for (url, expected) in [
            ("amqp://guest:p:w@broker:5673/%2f?heartbeat=1", Some(("broker", 5673))),
            ("amqp://broker", Some(("broker", 5672))),
            ("redis://[::1]:7000/0", Some(("::1", 7000))),
            ("redis://[::1]", Some(("::1", 5672))),
            ("unix:///run/redis.sock", None),
            ("nonsense", None),
        ] {
            let expected = expected.map(|(host, port)| (host.to_owned(), port));
            assert_eq!(place(url, 5672), expected, "{url}");
        }
    }
}
