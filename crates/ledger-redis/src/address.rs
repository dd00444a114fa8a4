//! Reads the ledger's URL; every part is used or refused. An error never contains the URL, because
//! it may contain the password.

mod single;

use ports::LedgerError;
use redis::{ConnectionAddr, ConnectionInfo};

/// For a password that is not percent-encoded: such a URL is cut at its first `#`, `/` or `?`.
const HINT: &str = "in a user or password write # as %23, / as %2F, ? as %3F, @ as %40, % as %25";

const PLAIN: [&str; 4] = ["redis", "rediss", "valkey", "valkeys"];

const SENTINEL_PORT: u16 = 26_379;

/// Where the ledger is.
#[derive(Debug)]
pub(crate) enum Address {
    Single(ConnectionInfo),
    /// `node`: how to connect to the master; its host is replaced.
    Sentinel {
        sentinels: Vec<(String, u16)>,
        master: String,
        node: ConnectionInfo,
    },
    /// `node`: how to connect to each node; its host is replaced.
    Cluster {
        seeds: Vec<(String, u16)>,
        node: ConnectionInfo,
    },
}

enum Kind {
    Sentinel,
    Cluster,
}

impl Address {
    pub(crate) fn read(text: &str) -> Result<Self, LedgerError> {
        let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
        match kind_of(scheme) {
            None => single::read(text).map(Self::Single),
            Some((plain, kind)) => Self::of_many(plain, &kind, &Parts::of(rest)),
        }
    }

    fn of_many(plain: &str, kind: &Kind, parts: &Parts<'_>) -> Result<Self, LedgerError> {
        match kind {
            Kind::Sentinel => {
                let (master, tail) = master_of(parts.tail)?;
                let (sentinels, node) = parts.servers(plain, tail, Some(SENTINEL_PORT))?;
                Ok(Self::Sentinel { sentinels, master: master.to_owned(), node })
            }
            Kind::Cluster => {
                let (seeds, node) = parts.servers(plain, parts.tail, None)?;
                match node.redis_settings().db() {
                    0 => Ok(Self::Cluster { seeds, node }),
                    _ => Err(refused("names a database, and a cluster has only database 0")),
                }
            }
        }
    }
}

/// `redis+sentinel` is the usual form; some clients write `redis-sentinel`.
fn kind_of(scheme: &str) -> Option<(&str, Kind)> {
    let (plain, kind) = scheme.split_once(['+', '-']).filter(|(plain, _)| PLAIN.contains(plain))?;
    match kind {
        "sentinel" => Some((plain, Kind::Sentinel)),
        "cluster" => Some((plain, Kind::Cluster)),
        _ => None,
    }
}

/// What follows the scheme.
struct Parts<'a> {
    /// With its `@`, or empty.
    user: &'a str,
    hosts: &'a str,
    /// Path, query and fragment.
    tail: &'a str,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Self {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        Self { user, hosts, tail }
    }

    /// Each host is read as a URL of its own, so that all have the same rules.
    fn servers(
        &self,
        scheme: &str,
        tail: &str,
        port: Option<u16>,
    ) -> Result<(Vec<(String, u16)>, ConnectionInfo), LedgerError> {
        let mut servers = Vec::new();
        let mut node = None;
        for host in self.hosts.split(',') {
            let port = port.filter(|_| !has_port(host)).map(|port| format!(":{port}"));
            let port = port.unwrap_or_default();
            let info = single::read(&format!("{scheme}://{}{host}{port}{tail}", self.user))?;
            let (name, port) = host_of(&info).ok_or_else(|| refused("names no host"))?;
            servers.push((name, port));
            node.get_or_insert(info);
        }
        Ok((servers, node.ok_or_else(|| refused("names no host"))?))
    }
}

fn has_port(host: &str) -> bool {
    // An IPv6 address has its own colons, in brackets.
    host.rsplit_once(']').map_or(host, |(_, after)| after).contains(':')
}

pub(crate) fn host_of(info: &ConnectionInfo) -> Option<(String, u16)> {
    match info.addr() {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            Some((host.clone(), *port))
        }
        _ => None,
    }
}

/// The same way to connect, to another server.
pub(crate) fn at(node: &ConnectionInfo, (host, port): (String, u16)) -> ConnectionInfo {
    let address = match node.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    node.clone().set_addr(address)
}

/// The name in front, and the rest: `/mymaster/3?protocol=resp3`.
fn master_of(tail: &str) -> Result<(&str, &str), LedgerError> {
    let path = tail.strip_prefix('/').unwrap_or_default();
    let (master, rest) = path.split_at(path.find(['/', '?', '#']).unwrap_or(path.len()));
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match !master.is_empty() && master.chars().all(allowed) {
        true => Ok((master, rest)),
        false => {
            Err(refused("names no master: redis+sentinel://HOST:26379,HOST:26379/MASTER-NAME"))
        }
    }
}

fn refused(what: &str) -> LedgerError {
    LedgerError::Denied(format!("the ledger's URL {what} ({HINT})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentinel(url: &str) -> (Vec<(String, u16)>, String, ConnectionInfo) {
        match Address::read(url) {
            Ok(Address::Sentinel { sentinels, master, node }) => (sentinels, master, node),
            other => panic!("{url}: {other:?}"),
        }
    }

    fn cluster(url: &str) -> (Vec<(String, u16)>, ConnectionInfo) {
        match Address::read(url) {
            Ok(Address::Cluster { seeds, node }) => (seeds, node),
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn sentinels_and_their_master_are_read() {
        let (sentinels, master, node) =
            sentinel("redis+sentinel://ann:p%40ss@a,b:1,[::1]/my.m-1/3");
        let hosts: Vec<_> = sentinels.iter().map(|(host, port)| format!("{host} {port}")).collect();
        assert_eq!(hosts, ["a 26379", "b 1", "::1 26379"]);
        let settings = node.redis_settings();
        assert_eq!((master.as_str(), settings.db()), ("my.m-1", 3));
        assert_eq!((settings.username(), settings.password()), (Some("ann"), Some("p@ss")));
        assert_eq!(sentinel("valkey-sentinel://a/m?db=2").2.redis_settings().db(), 2);
        let tls = sentinel("rediss+sentinel://a/m").2;
        assert!(matches!(tls.addr(), ConnectionAddr::TcpTls { insecure: false, .. }));
    }

    #[test]
    fn seeds_of_a_cluster_are_read() {
        let (seeds, node) = cluster("redis+cluster://:secret@a:7000,b,10.0.0.1:7002");
        let hosts: Vec<_> = seeds.iter().map(|(host, port)| format!("{host} {port}")).collect();
        assert_eq!(hosts, ["a 7000", "b 6379", "10.0.0.1 7002"]);
        assert_eq!(node.redis_settings().password(), Some("secret"));
        let (_, tls) = cluster("rediss-cluster://a:7000/?protocol=resp3");
        let other = at(&tls, ("z".to_owned(), 9));
        assert!(
            matches!(other.addr(), ConnectionAddr::TcpTls { host, port: 9, .. } if host == "z")
        );
        assert_eq!(other.redis_settings().protocol(), redis::ProtocolVersion::RESP3);
    }

    #[test]
    fn what_would_be_ignored_is_refused_without_showing_a_secret() {
        for url in [
            "redis+sentinel://a:1,b:2",
            "redis+sentinel://a:1/",
            "redis+sentinel://a:1/m/x",
            "redis+sentinel://a:1/m/1/2",
            "redis+sentinel://a:1/m#canary",
            "redis+sentinel://a:1/m?canary=1",
            "redis+sentinel:///m",
            "redis+sentinel://a,,b/m",
            "redis+sentinel://a:canary/m",
            "redis+sentinel://user:12/canary@a/m",
            "redis+sentinel://user:can/ary@a/m",
            "redis+cluster://",
            "redis+cluster://a:1,",
            "redis+cluster://a:1/3",
            "redis+cluster://a:1?db=3",
            "redis+cluster://a:1/m",
            "redis+cluster://user:can#ary@a:1",
            "redis+other://a",
            "unix+cluster://a",
            "redis+cluster",
        ] {
            let error = Address::read(url).unwrap_err();
            assert!(matches!(&error, LedgerError::Denied(_)), "{url}: {error:?}");
            let text = error.to_string();
            assert!(!text.contains("canary"), "{url}: {text}");
        }
    }
}
