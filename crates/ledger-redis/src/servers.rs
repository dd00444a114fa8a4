//! Finds the server to connect to, anew for each connection.

mod cluster;
mod sentinel;

use std::time::Duration;

use ports::LedgerError;
use redis::ConnectionInfo;
use redis::io::tcp::TcpSettings;
use secrecy::ExposeSecret;

use self::cluster::Nodes;
use self::sentinel::Sentinels;
use crate::Settings;
use crate::address::{self, Address};
use crate::dial::Dialler;
use crate::encryption;

pub(crate) enum Servers {
    Single(Box<ConnectionInfo>),
    Sentinel(Box<Sentinels>),
    Cluster(Box<Nodes>),
}

impl Servers {
    /// The files for TLS are read once now, so that a wrong one is reported at the start.
    pub(crate) fn of(settings: &Settings, dialler: &Dialler) -> Result<Self, LedgerError> {
        let ready = |info: ConnectionInfo| -> Result<_, LedgerError> {
            encryption::check(&settings.tls, &info)?;
            encryption::with(&settings.tls, info.clone()).map_err(LedgerError::Denied)?;
            Ok(info.set_tcp_settings(TcpSettings::default().set_nodelay(true)))
        };
        let address = Address::read(settings.url.expose_secret())?;
        if settings.sentinel_password.is_some() && !matches!(address, Address::Sentinel { .. }) {
            let text = "a password for sentinels is set, and the ledger's URL names no sentinels";
            return Err(LedgerError::Denied(text.to_owned()));
        }
        Ok(match address {
            Address::Single(info) => Self::Single(Box::new(ready(info)?)),
            Address::Cluster { seeds, node } => {
                Self::Cluster(Box::new(Nodes::new(seeds, ready(node)?, dialler.clone())))
            }
            Address::Sentinel { sentinels, master, node } => {
                let password = settings.sentinel_password.as_ref();
                let (node, dialler) = (ready(node)?, dialler.clone());
                let all = Sentinels::new(sentinels, master, node, password, dialler);
                Self::Sentinel(Box::new(all))
            }
        })
    }

    /// The server that has this slot.
    pub(crate) async fn find(
        &self,
        slot: u16,
        timeout: Duration,
    ) -> Result<ConnectionInfo, LedgerError> {
        match self {
            Self::Single(info) => Ok(info.as_ref().clone()),
            Self::Sentinel(sentinels) => sentinels.find(timeout).await,
            Self::Cluster(nodes) => nodes.find(slot, timeout).await,
        }
    }

    /// Whether another server may take over.
    pub(crate) fn may_change(&self) -> bool {
        !matches!(self, Self::Single(_))
    }

    /// Whether tags may be on different servers.
    pub(crate) fn are_many(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// A master that the sentinels replaced may still accept writes for seconds, which are lost.
    pub(crate) fn is_replaced_silently(&self) -> bool {
        matches!(self, Self::Sentinel(_))
    }
}

/// `Denied` first: waiting does not help against it.
fn worst(errors: Vec<LedgerError>, none: &str) -> LedgerError {
    let denied = errors.iter().position(|error| matches!(error, LedgerError::Denied(_)));
    let chosen = errors.into_iter().nth(denied.unwrap_or(0));
    chosen.unwrap_or_else(|| LedgerError::Unavailable(none.to_owned()))
}

/// The same way to connect, to another server.
fn at(node: &ConnectionInfo, server: &(String, u16)) -> ConnectionInfo {
    address::at(node, server.clone())
}
