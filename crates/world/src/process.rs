//! One process: session, worker, poller and follower with their own ports.

use std::sync::Arc;
use std::time::Duration;

use follower::Follower;
use gateway::Mailbox;
use job::AccountRules;
use kling::{Client, Transport};
use poller::Poller;
use ports::{Broker, Clock, Ledger, TenantTerms};
use recorder::Session;
use worker::{Callback, Worker};

use crate::accounts::Account;
use crate::front;
use crate::life::Life;
use crate::plan::Plan;
use crate::process_broker::ProcessBroker;
use crate::process_clock::{ProcessClock, SKEW};
use crate::process_ledger::ProcessLedger;
use crate::process_transport::{BASE_URL, ProcessTransport};
use crate::world::{RETENTION, World};

pub(crate) struct Process {
    worker: Worker,
    poller: Poller,
    follower: Follower,
    session: Arc<Session>,
}

/// The ports of a process.
pub(crate) struct Backends {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) clock: Arc<dyn Clock>,
    transport: Arc<dyn Transport>,
}

const PATIENCE: Duration = Duration::from_secs(3);

impl Backends {
    pub(crate) fn of(world: &World, life: &Arc<Life>) -> Option<Self> {
        let (broker, ledger) = world.stores(life);
        let (provider, pauses) = (world.provider.clone(), world.pauses.clone());
        let transport = ProcessTransport { life: life.clone(), provider, pauses };
        let transport = world.transport(Arc::new(transport), life);
        let ahead = life.chance.millis(0, SKEW.as_millis() as u64);
        Some(Self {
            broker: Arc::new(ProcessBroker { life: life.clone(), inner: broker }),
            ledger: Arc::new(ProcessLedger { life: life.clone(), inner: ledger }),
            clock: Arc::new(ProcessClock { life: life.clone(), time: world.time, ahead }),
            transport,
        })
    }

    fn client(&self, account: &Account) -> Option<(Account, Client)> {
        let kling = Client::new(self.transport.clone(), BASE_URL, account.key()).ok()?;
        Some((*account, kling))
    }

    /// Repeats until the backends are available.
    async fn join(&self) -> Session {
        let Self { broker, ledger, clock, .. } = self;
        loop {
            match follower::join(broker.as_ref(), ledger.clone(), clock.clone()).await {
                Ok(session) => return session,
                Err(_) => clock.sleep(Duration::from_millis(500)).await,
            }
        }
    }
}

impl Process {
    /// Joins the ledger and begins to work; `None` only if the ports cannot be made.
    pub(crate) async fn start(world: &World, life: &Arc<Life>) -> Option<Self> {
        let backends = Backends::of(world, life)?;
        let session = Arc::new(backends.join().await);
        let accounts = world.plan.accounts.iter();
        let clients: Option<Vec<_>> = accounts.map(|of| backends.client(of)).collect();
        let (clients, rules) = (clients?, account_rules(world));
        let Backends { broker, ledger, clock, .. } = backends;
        if let Some(signer) = world.signer.clone() {
            let settings = gateway::Settings::new(signer, world.rules(), rules.clone());
            let (ledger, session, clock) = (ledger.clone(), session.clone(), clock.clone());
            world.front.enter(life.clone(), Mailbox::new(ledger, session, clock, settings));
        }
        let follower = Follower::start(
            broker.clone(),
            ledger.clone(),
            session.clone(),
            clock.clone(),
            follower_settings(world),
        );
        let mut workers = clients.iter().map(|client| worker_account(world, client));
        let worker = Worker::with_accounts(
            broker.clone(),
            ledger.clone(),
            session.clone(),
            clock.clone(),
            workers.next()?,
            workers.collect(),
            rules.clone(),
        );
        let mut pollers = clients.iter().map(|client| poller_account(world, client));
        let (first, session_of) = (pollers.next()?, session.clone());
        let others = pollers.collect();
        let poller = Poller::with_accounts(broker, ledger, session_of, clock, first, others, rules);
        Some(Self { worker, poller, follower, session })
    }

    /// An orderly stop: the worker first, so that what it records is still announced.
    pub(crate) async fn stop(self) {
        self.worker.drain(PATIENCE).await;
        self.poller.drain(PATIENCE).await;
        self.follower.drain(PATIENCE).await;
        if let Some(session) = Arc::into_inner(self.session) {
            session.leave().await;
        }
    }
}

fn account_rules(world: &World) -> AccountRules {
    let names = world.plan.accounts.iter().map(|account| account.name.to_owned()).collect();
    AccountRules { names, ..AccountRules::default() }
}

/// How long a process leaves a refused account alone. Of several, long enough for the others to look
/// what waits for it meanwhile.
fn rest(world: &World) -> Duration {
    Duration::from_secs(if world.plan.accounts.len() > 1 { 5 } else { 2 })
}

fn worker_account(world: &World, (account, kling): &(Account, Client)) -> worker::Account {
    let settings = worker::Settings {
        rules: world.rules(),
        account: account.name.to_owned(),
        producer_skew: world.producer_skew(),
        slots: account.slots,
        room: world.plan.room,
        tenant: TenantTerms { concurrency: world.plan.slots_of_a_tenant, ..TenantTerms::default() },
        post_timeout: Plan::POST,
        prefetch: 16,
        in_progress: 64,
        account_rest: rest(world),
        callback: callback(world),
        ..worker::Settings::default()
    };
    worker::Account { kling: kling.clone(), settings }
}

fn poller_account(world: &World, (account, kling): &(Account, Client)) -> poller::Account {
    let settings = poller::Settings {
        rules: world.rules(),
        account: account.name.to_owned(),
        callbacks: world.signer.is_some(),
        look_up: world.look_up(),
        concurrency: 32,
        batch: 64,
        look_timeout: Duration::from_secs(2),
        account_rest: rest(world),
        adopts: Duration::from_millis(world.time.elapsed_ms()) >= world.plan.adopted_from,
        reconcile: Duration::from_secs(5),
        ..poller::Settings::default()
    };
    poller::Account { kling: kling.clone(), settings }
}

fn callback(world: &World) -> Option<Callback> {
    let signer = world.signer.clone()?;
    Some(Callback { url: front::URL.to_owned(), signer })
}

pub(crate) fn follower_settings(world: &World) -> follower::Settings {
    follower::Settings {
        rules: world.rules(),
        retention: RETENTION,
        post_timeout: Plan::POST,
        ..follower::Settings::default()
    }
}
