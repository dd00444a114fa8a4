//! A worker and a poller in this process, where a test can set what the program does not offer.

use std::sync::Arc;
use std::time::Duration;

use job::Timestamp;
use kling::{Client, HttpSettings, HttpTransport};
use poller::Poller;
use ports::{Session, SystemClock};
use worker::{Slots, Worker};

use super::{House, Provider};

pub(crate) struct Roles {
    worker: Worker,
    poller: Poller,
}

/// How the roles are set up.
pub(crate) struct Setup {
    pub(crate) worker: worker::Settings,
    pub(crate) poller: poller::Settings,
}

impl Setup {
    /// Short times throughout, many slots, no look-up.
    pub(crate) fn quick() -> Self {
        let rules = job::Rules {
            pace: 0.01,
            settling: Duration::from_millis(500),
            ..job::Rules::default()
        };
        Self {
            worker: worker::Settings {
                rules: rules.clone(),
                slots: Slots { videos: 50, images: 50, audio: 50 },
                post_timeout: Duration::from_secs(1),
                ..worker::Settings::default()
            },
            poller: poller::Settings {
                rules,
                sweep: Duration::from_millis(20),
                ..poller::Settings::default()
            },
        }
    }

    /// The provider can be asked by external id, and its denials are believed.
    pub(crate) fn looking_up(mut self, form: kling::LookUp) -> Self {
        self.poller.look_up = Some(form);
        self.poller.rules.denials_trusted = true;
        self.worker.rules.denials_trusted = true;
        self
    }

    pub(crate) async fn start(self, house: &House, provider: &Provider) -> Roles {
        let (broker, ledger) = (house.broker().await, house.ledger().await);
        let session = Session::join(ledger.clone(), Timestamp::EPOCH).await.expect("a session");
        let (session, clock) = (Arc::new(session), Arc::new(SystemClock));
        let http = HttpSettings { total_timeout: self.worker.post_timeout, ..Default::default() };
        let transport = Arc::new(HttpTransport::new(&http).expect("a transport"));
        let kling = Client::new(transport, &provider.url, "test-key".into()).expect("a client");
        let (b, l, s, k, c) =
            (broker.clone(), ledger.clone(), session.clone(), kling.clone(), clock.clone());
        Roles {
            worker: Worker::start(b, l, s, k, c, self.worker),
            poller: Poller::start(broker, ledger, session, kling, clock, self.poller),
        }
    }
}

impl Roles {
    /// Ends both, cleanly.
    pub(crate) async fn drain(self) {
        let patience = Duration::from_secs(10);
        assert!(self.worker.drain(patience).await, "the worker has not drained");
        assert!(self.poller.drain(patience).await, "the poller has not drained");
    }
}
