//! Which URLs and addresses may be called: a client must not reach our network through us.

use std::net::IpAddr;

use job::WebhookUrl;
use url::{Host, Url};

use crate::network::Network;

/// Ports of the Internet's web servers.
const USUAL_PORTS: [u16; 2] = [443, 8443];

/// Not on the Internet, or not one host (RFC 6890 and the IANA registry for special purposes).
const DENIED_V4: [Network; 15] = [
    Network::v4(0, 0, 0, 0, 8),
    Network::v4(10, 0, 0, 0, 8),
    Network::v4(100, 64, 0, 0, 10),
    Network::v4(127, 0, 0, 0, 8),
    Network::v4(169, 254, 0, 0, 16),
    Network::v4(172, 16, 0, 0, 12),
    Network::v4(192, 0, 0, 0, 24),
    Network::v4(192, 0, 2, 0, 24),
    Network::v4(192, 88, 99, 0, 24),
    Network::v4(192, 168, 0, 0, 16),
    Network::v4(198, 18, 0, 0, 15),
    Network::v4(198, 51, 100, 0, 24),
    Network::v4(203, 0, 113, 0, 24),
    Network::v4(224, 0, 0, 0, 4),
    Network::v4(240, 0, 0, 0, 4),
];

/// Of IPv6, only this range is given to hosts on the Internet.
const GLOBAL_V6: Network = Network::v6([0x2000, 0, 0], 3);

/// Parts of it that are not: protocol assignments and tunnels, documentation, 6to4.
const DENIED_V6: [Network; 4] = [
    Network::v6([0x2001, 0, 0], 23),
    Network::v6([0x2001, 0x0db8, 0], 32),
    Network::v6([0x2002, 0, 0], 16),
    Network::v6([0x3fff, 0, 0], 20),
];

/// Why a URL is not called. Without the URL, which may hold a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeniedUrl {
    #[error("it is not a URL")]
    Unreadable,
    #[error("only https is called")]
    Scheme,
    #[error("it must not hold a user name or a password")]
    UserInfo,
    #[error("this port is not called")]
    Port,
    #[error("its address is not on the Internet")]
    Address,
}

/// By default: https, the usual ports, and addresses on the Internet.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Networks that are called although they are denied by default.
    pub allow_networks: Vec<Network>,
    pub allow_http: bool,
    /// Called beside the usual ports.
    pub allow_ports: Vec<u16>,
}

impl Guard {
    /// All that can be known without a look-up of the host's name.
    pub fn check(&self, url: &WebhookUrl) -> Result<Url, DeniedUrl> {
        let url = Url::parse(url.expose()).map_err(|_| DeniedUrl::Unreadable)?;
        if url.scheme() != "https" && !(url.scheme() == "http" && self.allow_http) {
            return Err(DeniedUrl::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DeniedUrl::UserInfo);
        }
        let port = url.port_or_known_default().ok_or(DeniedUrl::Port)?;
        if !USUAL_PORTS.contains(&port) && !self.allow_ports.contains(&port) {
            return Err(DeniedUrl::Port);
        }
        match literal(&url).ok_or(DeniedUrl::Unreadable)? {
            Some(address) if !self.allows(address) => Err(DeniedUrl::Address),
            Some(_) | None => Ok(url),
        }
    }

    /// Whether this address may be connected to.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let is_in = |networks: &[Network]| networks.iter().any(|one| one.contains(address));
        if is_in(&self.allow_networks) {
            return true;
        }
        match address.to_canonical() {
            IpAddr::V4(_) => !is_in(&DENIED_V4),
            IpAddr::V6(_) => GLOBAL_V6.contains(address) && !is_in(&DENIED_V6),
        }
    }
}

/// The address that stands for a host name, in any spelling; `None`: there is no host.
fn literal(url: &Url) -> Option<Option<IpAddr>> {
    Some(match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    })
}

#[cfg(test)]
mod tests;
