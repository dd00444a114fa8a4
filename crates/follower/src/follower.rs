use std::sync::Arc;
use std::time::Duration;

use ports::{Broker, Clock, Ledger};
use recorder::{Recorder, Session, Writer};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::follow;
use crate::settings::Settings;
use crate::shared::Shared;

/// Follows the journal while it is the leader, and waits while another process is.
pub struct Follower {
    stop: CancellationToken,
    following: JoinHandle<()>,
}

impl Follower {
    pub fn start(
        broker: Arc<dyn Broker>,
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let writer = Writer::new(ledger.clone(), clock.clone(), settings.rules.clone());
        let recorder = Recorder::new(writer, broker.clone(), session.clone());
        let recorder = recorder.noting_owners(settings.notes_owners);
        let shared = Arc::new(Shared { broker, ledger, session, clock, recorder, settings });
        let stop = CancellationToken::new();
        let following = tokio::spawn(follow::run(shared, stop.clone()));
        Self { stop, following }
    }

    /// Stops at once: the next leader continues at the stored position. Returns whether it ended
    /// within `patience`.
    pub async fn drain(self, patience: Duration) -> bool {
        self.stop.cancel();
        tokio::time::timeout(patience, self.following).await.is_ok()
    }
}
