use std::sync::Arc;
use std::time::Duration;

use job::AccountRules;
use ports::{Broker, Clock, Ledger};
use recorder::{Batcher, Session};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::look_up::LookUpReport;
use crate::settings::{Account, Settings};
use crate::shared::{Common, Shared};
use crate::{adopt, look_up, outbox, reconcile, sweep};

/// Polls tasks until they end and announces their outcomes, until it is drained.
pub struct Poller {
    stop: CancellationToken,
    loops: TaskTracker,
    tasks: TaskTracker,
    batching: tokio::task::JoinHandle<()>,
    accounts: Arc<Accounts>,
}

impl Poller {
    /// For one account.
    pub fn start(
        broker: Arc<dyn Broker>,
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
        kling: kling::Client,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let rules = AccountRules::only(&settings.account);
        let account = Account { kling, settings };
        Self::with_accounts(broker, ledger, session, clock, account, Vec::new(), rules)
    }

    /// `rules` name these accounts.
    pub fn with_accounts(
        broker: Arc<dyn Broker>,
        ledger: Arc<dyn Ledger>,
        session: Arc<Session>,
        clock: Arc<dyn Clock>,
        first: Account,
        others: Vec<Account>,
        rules: AccountRules,
    ) -> Self {
        let (batcher, writing) = Batcher::new(ledger.clone(), session.clone());
        let looking = Arc::new(Semaphore::new(first.settings.concurrency.max(1)));
        let rules = Arc::new(rules);
        let common = Common { broker, ledger, session, clock, batcher, looking, rules };
        let shared = |account| Arc::new(Shared::new(common.clone(), account));
        let accounts = Accounts::new(shared(first), others.into_iter().map(shared).collect());
        // The last batcher is dropped with the accounts.
        drop(common);
        let poller = Self {
            stop: CancellationToken::new(),
            loops: TaskTracker::new(),
            tasks: TaskTracker::new(),
            batching: tokio::spawn(writing),
            accounts: Arc::new(accounts),
        };
        poller.start_loops();
        poller
    }

    fn start_loops(&self) {
        let (loops, stop, accounts) = (&self.loops, &self.stop, &self.accounts);
        loops.spawn(sweep::run(accounts.clone(), stop.clone(), self.tasks.clone()));
        loops.spawn(outbox::run(accounts.first().clone(), stop.clone()));
        loops.spawn(adopt::run(accounts.first().clone(), stop.clone()));
        for shared in accounts.all() {
            loops.spawn(look_up::run(shared.clone(), stop.clone()));
            loops.spawn(reconcile::run(shared.clone(), stop.clone()));
        }
        loops.close();
    }

    /// What is known of the provider's look-ups by external id, by account, for metrics and health
    /// pages.
    pub fn look_ups(&self) -> Vec<(String, LookUpReport)> {
        let of = |shared: &Arc<Shared>| {
            let report = LookUpReport::new(shared.settings.look_up, shared.trials.clone());
            (shared.settings.account.clone(), report)
        };
        self.accounts.all().map(of).collect()
    }

    /// Claims nothing new and finishes the queries under way. Returns whether all were done within
    /// `patience`; other pollers claim the rest when the leases end.
    pub async fn drain(self, patience: Duration) -> bool {
        self.stop.cancel();
        let Self { loops, tasks, batching, accounts, .. } = self;
        let finish = async {
            loops.wait().await;
            tasks.close();
            tasks.wait().await;
            // The last batcher is dropped with the accounts; then its loop ends.
            drop(accounts);
            batching.await.is_ok()
        };
        tokio::time::timeout(patience, finish).await.unwrap_or(false)
    }
}
