use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::{CallbackSigner, JobKey, Rules};
use kling::Transport;
use memory::{Contents, Disorder, MemoryBroker, MemoryLedger, StoreTime};
use poller::LookUpBy;
use ports::{Broker, Ledger};
use secrecy::SecretString;

use crate::accounts::{FIRST, Name};
use crate::binding;
use crate::broken::Broken;
use crate::census::Census;
use crate::chance::Chance;
use crate::front::Front;
use crate::judge::Judge;
use crate::judged::{JudgedBroker, JudgedLedger};
use crate::life::Life;
use crate::outages::Outages;
use crate::pause_watch::PauseWatch;
use crate::plan::{Callbacks, Plan};
use crate::provider::Provider;
use crate::script::{self, Publication};
use crate::trace::Trace;

/// Longer than any run: repeats after the retention are not tested here.
pub(crate) const RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);

/// All parts of one world except its processes.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) broken: Option<Broken>,
    pub(crate) time: StoreTime,
    pub(crate) chance: Chance,
    pub(crate) trace: Arc<Trace>,
    pub(crate) outages: Arc<Outages>,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) broker: MemoryBroker,
    pub(crate) provider: Arc<Provider>,
    pub(crate) front: Arc<Front>,
    /// `None` if the provider does not call back.
    pub(crate) signer: Option<CallbackSigner>,
    pub(crate) judge: Arc<Judge>,
    pub(crate) pauses: Arc<PauseWatch>,
    pub(crate) script: Vec<Publication>,
    pub(crate) census: Census,
    /// Ids that now belong to another job than at first.
    pub(crate) reborn: Mutex<BTreeSet<JobKey>>,
    /// Doubts that an operator has ended.
    decided: Mutex<BTreeSet<JobKey>>,
    /// The ledger at an earlier time.
    pub(crate) snapshot: Mutex<Option<Contents>>,
}

impl World {
    pub(crate) fn new(plan: Plan, broken: Option<Broken>, keep_trace: bool) -> Self {
        let time = StoreTime::simulated();
        let chance = Chance::new(plan.seed.wrapping_mul(2).wrapping_add(1));
        let ledger = Arc::new(MemoryLedger::new(time, RETENTION));
        ledger.contents().trusts_anybody = broken == Some(Broken::NoFence);
        let order = chance.fork();
        let trace = Arc::new(Trace::new(time, keep_trace));
        let outages = Arc::new(Outages::new(plan.rates));
        let front = Arc::new(Front::new(chance.fork(), outages.clone(), trace.clone()));
        let calls_back = plan.provider.callbacks != Callbacks::Never;
        let secrets = [SecretString::from("a secret of the world")];
        let judge = Arc::new(Judge::new(ledger.clone()));
        let signer = CallbackSigner::new("world", &secrets).filter(|_| calls_back);
        Self {
            broker: if plan.disorder {
                MemoryBroker::disorderly(Disorder::by(move |count| order.below(count)))
            } else {
                MemoryBroker::new()
            },
            provider: Arc::new(Provider::new(
                time,
                chance.fork(),
                plan.provider,
                plan.rates,
                front.clone(),
            )),
            front,
            signer,
            pauses: Arc::new(PauseWatch::new(judge.clone(), time)),
            judge,
            trace,
            outages,
            script: script(&chance.fork(), &plan),
            census: Census::default(),
            reborn: Mutex::default(),
            decided: Mutex::default(),
            snapshot: Mutex::default(),
            plan,
            broken,
            time,
            chance,
            ledger,
        }
    }

    /// In a world with one account nothing is drawn.
    pub(crate) fn any_account(&self) -> Name {
        match &self.plan.accounts[..] {
            [] | [_] => FIRST,
            all => all[self.chance.below(all.len() as u64) as usize].name,
        }
    }

    /// A new process with a connection of its own.
    pub(crate) fn life(&self, number: u32) -> Arc<Life> {
        let dies_at = self.plan.crash_points.get(number as usize - 1).copied();
        let (outages, trace) = (self.outages.clone(), self.trace.clone());
        let connection = self.broker.connect();
        Arc::new(Life::new(number, dies_at, self.chance.fork(), outages, trace, connection))
    }

    /// The stores of a process: observed by the judge, and perhaps with a mistake.
    pub(crate) fn stores(&self, life: &Life) -> (Arc<dyn Broker>, Arc<dyn Ledger>) {
        let judge = self.judge.clone();
        let inner = Arc::new(life.connection().clone());
        let broker: Arc<dyn Broker> = Arc::new(JudgedBroker { judge: judge.clone(), inner });
        let inner = self.ledger.clone();
        let ledger: Arc<dyn Ledger> = Arc::new(JudgedLedger { judge, inner });
        match self.broken {
            Some(broken) => broken.stores(broker, ledger, self.time),
            None => (broker, ledger),
        }
    }

    pub(crate) fn transport(
        &self,
        transport: Arc<dyn Transport>,
        life: &Life,
    ) -> Arc<dyn Transport> {
        match self.broken {
            Some(broken) => broken.transport(transport, life.chance.fork()),
            None => transport,
        }
    }

    pub(crate) fn rules(&self) -> Rules {
        match self.broken {
            Some(broken) => broken.rules(self.plan.rules()),
            None => self.plan.rules(),
        }
    }

    /// How far a producer's clock may be off.
    pub(crate) fn producer_skew(&self) -> Duration {
        match self.broken {
            Some(Broken::ClocksBelieved) => Duration::ZERO,
            _ => worker::Settings::default().producer_skew,
        }
    }

    pub(crate) fn look_up(&self) -> LookUpBy {
        let path = LookUpBy::Form(kling::LookUp::Path);
        match (self.plan.provider.auto, self.plan.provider.look_up) {
            _ if self.broken == Some(Broken::LookUpUntried) => path,
            (true, _) => LookUpBy::Auto,
            (false, true) => path,
            (false, false) => LookUpBy::None,
        }
    }

    /// Keeps the present contents of the ledger.
    pub(crate) fn take_snapshot(&self) {
        let contents = self.ledger.contents().clone();
        *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner) = Some(contents);
    }

    /// Restores the last snapshot of the ledger; empties it if there is none.
    pub(crate) fn set_back(&self) {
        let snapshot = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match snapshot {
            Some(old) => self.ledger.contents().set_back(old),
            None => self.ledger.contents().forget(),
        }
    }

    /// The provider denies every task that is in the journal: such a denial must not count as proof
    /// that the task does not exist.
    pub(crate) fn forget_tasks(&self) {
        let noted = self.broker.queues().noted_tasks();
        let known = self.provider.forget(&noted);
        (0..known).for_each(|_| self.trace.fault("task forgotten"));
    }

    pub(crate) fn reborn(&self) -> MutexGuard<'_, BTreeSet<JobKey>> {
        self.reborn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn decided(&self) -> MutexGuard<'_, BTreeSet<JobKey>> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All identities that were published, each once.
    pub(crate) fn keys(&self) -> Vec<&JobKey> {
        let mut keys: Vec<&JobKey> = self.script.iter().map(|line| &line.key).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

fn script(chance: &Chance, plan: &Plan) -> Vec<Publication> {
    let mut lines = script::write(chance, plan.jobs, plan.rates.twins, plan.blocked);
    if plan.accounts.len() > 1 && plan.jobs > 1 {
        binding::bind(&chance.fork(), &mut lines, &plan.accounts);
    }
    lines
}
