use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use job::{AccountRules, Cadence, Lane, Operation, Resource};
use ports::{Broker, Clock, Ledger};
use recorder::Session;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::account::{AccountLane, AccountLanes};
use crate::grants::Grants;
use crate::handler::Handler;
use crate::hold_times::HoldTimes;
use crate::intake::Intake;
use crate::intake_monitor::IntakeMonitor;
use crate::lane::LaneConsumer;
use crate::lane_report::{AccountIntakes, LaneReport};
use crate::overflow::Overflow;
use crate::pause_reader::PauseReader;
use crate::pause_writer;
use crate::queue_kind::QueueKind;
use crate::reachability::typical_route;
use crate::settings::{Account, Settings};
use crate::shared::{Common, Shared};

/// Submits jobs from every lane until it is drained.
pub struct Worker {
    lanes: BTreeMap<Resource, AccountLanes>,
    abandon: CancellationToken,
    stop: CancellationToken,
    loops: TaskTracker,
    tasks: TaskTracker,
}

impl Worker {
    /// With one account.
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
        let all = || std::iter::once(&first).chain(&others);
        let common = Common {
            names: all().map(|account| account.settings.account.clone()).collect(),
            broker,
            ledger,
            session,
            clock,
            in_progress: Arc::new(Semaphore::new(first.settings.in_progress.max(1))),
            abandon: CancellationToken::new(),
            notes_owners: first.settings.callback.is_some() || !others.is_empty(),
        };
        let abandon = common.abandon.clone();
        let shared = |account| Arc::new(Shared::new(common.clone(), account));
        let (first, others) = (shared(first), others.into_iter().map(shared).collect::<Vec<_>>());
        let rules = Arc::new(rules);
        let lanes = |resource| {
            let others = others.iter().map(|shared| account_lane(shared, resource)).collect();
            (resource, AccountLanes::new(account_lane(&first, resource), others, rules.clone()))
        };
        let worker = Self {
            lanes: Resource::ALL.into_iter().map(lanes).collect(),
            abandon,
            stop: CancellationToken::new(),
            loops: TaskTracker::new(),
            tasks: TaskTracker::new(),
        };
        worker.start_lanes();
        worker.start_accounts();
        worker
    }

    fn start_lanes(&self) {
        for lane in Lane::all() {
            let handler = self.handler(QueueKind::Lane, lane.resource);
            self.loops.spawn(LaneConsumer { handler, lane }.run());
        }
        let handler = |resource| self.handler(QueueKind::Overflow, resource);
        self.loops.spawn(Overflow::new(handler, self.stop.clone()).run());
    }

    fn start_accounts(&self) {
        for (resource, lanes) in &self.lanes {
            for lane in lanes.all() {
                let (stop, tasks) = (self.stop.clone(), self.tasks.clone());
                let grants = Grants::new(lane, lanes.clone(), *resource, stop, tasks);
                self.loops.spawn(grants.run());
                let AccountLane { shared, intake } = lane.clone();
                let stop = self.stop.clone();
                self.loops.spawn(IntakeMonitor::new(shared, intake, *resource, stop).run());
            }
        }
        for (shared, intakes) in self.accounts() {
            let report = LaneReport::new(vec![(shared.clone(), intakes.clone())]);
            self.loops.spawn(pause_writer::run(shared.clone(), report, self.stop.clone()));
            self.loops.spawn(PauseReader { shared, intakes, stop: self.stop.clone() }.run());
        }
        self.loops.close();
    }

    fn handler(&self, queue: QueueKind, resource: Resource) -> Handler {
        Handler {
            accounts: self.lanes[&resource].clone(),
            queue,
            order: Arc::default(),
            stop: self.stop.clone(),
            tasks: self.tasks.clone(),
        }
    }

    /// Each account with its intakes.
    fn accounts(&self) -> Vec<AccountIntakes> {
        let mut accounts: Vec<AccountIntakes> = Vec::new();
        for (resource, lanes) in &self.lanes {
            for (place, AccountLane { shared, intake }) in lanes.all().enumerate() {
                if accounts.len() == place {
                    accounts.push((shared.clone(), BTreeMap::new()));
                }
                accounts[place].1.insert(*resource, intake.clone());
            }
        }
        accounts
    }

    /// Which lanes are paused, for metrics and health pages.
    pub fn lanes(&self) -> LaneReport {
        LaneReport::new(self.accounts())
    }

    /// Takes no more deliveries, gives back those that were not begun, finishes and records every
    /// POST that is under way. `true` when all was done within `patience`.
    pub async fn drain(self, patience: Duration) -> bool {
        self.stop.cancel();
        self.lanes.values().flat_map(AccountLanes::all).for_each(|lane| lane.intake.stop());
        let finish = async {
            self.loops.wait().await;
            self.tasks.close();
            self.tasks.wait().await;
        };
        if tokio::time::timeout(patience, finish).await.is_ok() {
            return true;
        }
        // Answers that are half recorded are journaled and their deliveries given back.
        self.abandon.cancel();
        tokio::time::timeout(Duration::from_secs(2), self.tasks.wait()).await.is_ok()
    }
}

/// From when a lost answer may be looked for until its slot is certainly given back.
const LOOK_UP: Duration = Duration::from_secs(10);

fn account_lane(shared: &Arc<Shared>, resource: Resource) -> AccountLane {
    AccountLane { shared: shared.clone(), intake: Arc::new(intake(&shared.settings, resource)) }
}

fn intake(settings: &Settings, resource: Resource) -> Intake {
    let hold = HoldTimes {
        slots: settings.slots.of(resource),
        post_timeout: settings.post_timeout,
        tested: settings.post_timeout + settings.rules.settling + LOOK_UP,
        untested: task_life(resource, settings.rules.pace),
    };
    Intake::new(settings.prefetch.max(1), hold)
}

/// As long as a task whose id is not known may hold its slot.
fn task_life(resource: Resource, pace: f64) -> Duration {
    Cadence::of(&Operation::new(typical_route(resource).path()), pace).lives
}
