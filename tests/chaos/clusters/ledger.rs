use std::io;

use servers::Programs;
use servers::redis::{Cluster, Sentinels, Server};

const MASTERS: usize = 3;

/// Which servers keep the ledger.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LedgerKind {
    Cluster,
    Sentinels,
}

/// Servers of Redis, each master with one replica.
pub(super) enum LedgerServers {
    Cluster(Cluster),
    Sentinels(Sentinels),
}

impl LedgerServers {
    pub(super) async fn start(programs: &Programs, kind: LedgerKind) -> io::Result<Self> {
        const SETTINGS: [&str; 1] = ["appendonly yes"];
        Ok(match kind {
            LedgerKind::Cluster => {
                Self::Cluster(Cluster::start(programs, MASTERS, &SETTINGS).await?)
            }
            LedgerKind::Sentinels => Self::Sentinels(Sentinels::start(programs, &SETTINGS).await?),
        })
    }

    pub(super) fn servers(&mut self) -> &mut Vec<Server> {
        match self {
            Self::Cluster(cluster) => &mut cluster.servers,
            Self::Sentinels(sentinels) => &mut sentinels.servers,
        }
    }

    pub(super) fn url(&self) -> String {
        match self {
            Self::Cluster(cluster) => cluster.url(),
            Self::Sentinels(sentinels) => sentinels.url(),
        }
    }

    /// Waits until every master has its replica again.
    pub(super) async fn is_healthy(&self) -> io::Result<()> {
        match self {
            Self::Cluster(cluster) => cluster.is_healthy().await,
            Self::Sentinels(sentinels) => sentinels.is_healthy().await,
        }
    }
}
