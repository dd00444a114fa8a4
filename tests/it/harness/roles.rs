//! A worker and a poller in this process, with settings that the program does not offer.

use std::sync::Arc;
use std::time::Duration;

use gateway::{Gateway, Listen, Mailbox, Served};
use job::{AccountRules, CallbackSigner, Timestamp};
use kling::{Client, HttpSettings, HttpTransport};
use poller::Poller;
use ports::SystemClock;
use recorder::Session;
use worker::{Callback, Slots, Worker};

use super::{Environment, Provider};

pub(crate) struct Roles {
    worker: Worker,
    poller: Poller,
    gateway: Option<Gateway>,
}

/// How the roles are set up.
pub(crate) struct Setup {
    pub(crate) worker: worker::Settings,
    pub(crate) poller: poller::Settings,
    callbacks: Option<CallbackSigner>,
}

impl Setup {
    /// Short times, many slots, no look-up.
    pub(crate) fn quick() -> Self {
        let rules = job::Rules {
            pace: 0.01,
            settling: Duration::from_millis(500),
            callback_wait: Duration::from_secs(60),
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
            callbacks: None,
        }
    }

    /// The provider has a look-up by external id, and its denials are believed.
    pub(crate) fn looking_up(mut self, form: kling::LookUp) -> Self {
        self.poller.look_up = poller::LookUpBy::Form(form);
        self.poller.rules.denials_trusted = true;
        self.worker.rules.denials_trusted = true;
        self
    }

    /// As by default: the roles find out whether look-ups at the provider are reliable.
    pub(crate) fn finding_out(mut self) -> Self {
        self.poller.look_up = poller::LookUpBy::Auto;
        self.poller.rules.denials_trusted = true;
        self.worker.rules.denials_trusted = true;
        self
    }

    /// The provider is asked to call back.
    pub(crate) fn called_back(mut self) -> Self {
        let installation = &self.worker.rules.installation;
        self.callbacks = CallbackSigner::new(installation, &["a secret of tests".into()]);
        self.poller.callbacks = true;
        self
    }

    pub(crate) async fn start(mut self, environment: &Environment, provider: &Provider) -> Roles {
        let (broker, ledger) = (environment.broker().await, environment.ledger().await);
        let clock = Arc::new(SystemClock);
        let session = Session::join(ledger.clone(), clock.clone(), Timestamp::EPOCH).await;
        let session = Arc::new(session.expect("a session"));
        let gateway = match self.callbacks.take() {
            Some(signer) => {
                let rules = self.worker.rules.clone();
                let accounts = AccountRules::default();
                let settings = gateway::Settings::new(signer.clone(), rules, accounts);
                let (ledger, session) = (ledger.clone(), session.clone());
                let mailbox = Mailbox::new(ledger, session, clock.clone(), settings);
                let served = Served { callbacks: Some(mailbox), ..Served::default() };
                let listen = Listen::on(([127, 0, 0, 1], 0).into());
                let gateway = Gateway::start(&listen, served).await;
                let gateway = gateway.expect("a gateway");
                let url = format!("http://{}", gateway.address());
                self.worker.callback = Some(Callback { url, signer });
                Some(gateway)
            }
            None => None,
        };
        let http = HttpSettings { total_timeout: self.worker.post_timeout, ..Default::default() };
        let transport = Arc::new(HttpTransport::new(&http).expect("a transport"));
        let kling = Client::new(transport, &provider.url, "test-key".into()).expect("a client");
        let (b, l, s, k, c) =
            (broker.clone(), ledger.clone(), session.clone(), kling.clone(), clock.clone());
        Roles {
            worker: Worker::start(b, l, s, k, c, self.worker),
            poller: Poller::start(broker, ledger, session, kling, clock, self.poller),
            gateway,
        }
    }
}

impl Roles {
    /// Ends both, cleanly.
    pub(crate) async fn drain(self) {
        let patience = Duration::from_secs(10);
        if let Some(gateway) = self.gateway {
            assert!(gateway.drain(patience).await, "the gateway has not drained");
        }
        assert!(self.worker.drain(patience).await, "the worker has not drained");
        assert!(self.poller.drain(patience).await, "the poller has not drained");
    }
}
