use std::sync::Arc;

use ports::LedgerError;

use crate::Settings;
use crate::connect::Connector;
use crate::dial::Dialler;
use crate::keys::Keys;
use crate::link::Link;
use crate::listener::Listener;
use crate::servers::Servers;
use crate::tag::Tag;

/// The connections of a ledger: one for all tags, or in a cluster one for each, so that a lost
/// master disturbs only its own tags.
pub(crate) struct Links {
    links: Vec<Link>,
    listener: Listener,
    servers: Arc<Servers>,
}

impl Links {
    pub(crate) fn open(settings: &Settings, keys: &Keys) -> Result<Self, LedgerError> {
        let dialler = Dialler::new(settings.tls.clone());
        let servers = Arc::new(Servers::of(settings, &dialler)?);
        let all: Vec<Tag> = keys.all().cloned().collect();
        let parts = match servers.are_many() {
            true => all.into_iter().map(|tag| vec![tag]).collect(),
            false => vec![all],
        };
        let connector = |tags| {
            let (servers, dialler) = (servers.clone(), dialler.clone());
            Arc::new(Connector { servers, dialler, tags })
        };
        let permits = keys.permits();
        let listening = connector(vec![permits.clone()]);
        let listener = Listener::new(listening, permits.freed(), settings.timeout);
        let link = |tags| Link::new(connector(tags), settings.timeout);
        Ok(Self { links: parts.into_iter().map(link).collect(), listener, servers })
    }

    /// The one with this tag's server.
    pub(crate) fn of(&self, tag: &Tag) -> &Link {
        if self.are_many() { &self.links[tag.index] } else { &self.links[0] }
    }

    pub(crate) fn listener(&self) -> &Listener {
        &self.listener
    }

    pub(crate) fn first(&self) -> &Link {
        &self.links[0]
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = &Link> {
        self.links.iter()
    }

    /// Whether each tag has its own.
    pub(crate) fn are_many(&self) -> bool {
        self.servers.are_many()
    }

    /// Whether another server may take over.
    pub(crate) fn may_change(&self) -> bool {
        self.servers.may_change()
    }

    /// Sentinels appoint another master; nothing else tells a process that the old one is it no
    /// more.
    pub(crate) async fn leave_replaced_master(&self) {
        if self.servers.is_replaced_silently() {
            self.first().leave_replaced_master().await;
        }
    }
}
