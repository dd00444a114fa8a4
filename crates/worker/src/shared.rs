use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use job::Resource;
use ports::{Broker, Clock, GrantTerms, Ledger};
use recorder::{Phase, Recorder, Session, Writer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::budget::UnpricedWarnings;
use crate::capped_tenants::CappedTenants;
use crate::full_rooms::FullRooms;
use crate::manual_pauses::ManualPauses;
use crate::origin::WrongClocks;
use crate::pool_loads::PoolLoads;
use crate::settings::{Account, Settings};
use crate::slot_limits::SlotLimits;

/// What the handling of every delivery needs that is submitted with one account.
pub(crate) struct Shared {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) kling: kling::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    /// The names of the worker's other accounts.
    pub(crate) other_accounts: BTreeSet<String>,
    pub(crate) recorder: Recorder,
    pub(crate) wrong_clocks: WrongClocks,
    /// On which the jobs of each resource get slots.
    pub(crate) terms: BTreeMap<Resource, GrantTerms>,
    pub(crate) full_rooms: FullRooms,
    pub(crate) manual_pauses: ManualPauses,
    pub(crate) slot_limits: SlotLimits,
    pub(crate) pool_loads: PoolLoads,
    pub(crate) capped_tenants: CappedTenants,
    pub(crate) unpriced: UnpricedWarnings,
    pub(crate) in_progress: Arc<Semaphore>,
    /// Cancelled when the time to drain is over: deliveries that still wait are given back.
    pub(crate) abandon: CancellationToken,
}

/// What all accounts of a worker share.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) session: Arc<Session>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) in_progress: Arc<Semaphore>,
    pub(crate) abandon: CancellationToken,
    /// Which task is which job's is kept: a callback or a follow-up may name it.
    pub(crate) notes_owners: bool,
    /// All of them.
    pub(crate) names: BTreeSet<String>,
}

impl Shared {
    pub(crate) fn new(common: Common, account: Account) -> Self {
        let Common { broker, ledger, session, clock, in_progress, abandon, .. } = common;
        let (Account { kling, settings }, notes_owners) = (account, common.notes_owners);
        let mut other_accounts = common.names;
        other_accounts.remove(&settings.account);
        let writer = Writer::new(ledger.clone(), clock.clone(), settings.rules.clone());
        let recorder = Recorder::new(writer, broker.clone(), session.clone());
        Self {
            recorder: recorder.noting_owners(notes_owners),
            terms: Resource::ALL.into_iter().map(|of| (of, settings.terms(of))).collect(),
            slot_limits: SlotLimits::new(ledger.clone(), session.clone(), &settings),
            wrong_clocks: WrongClocks::default(),
            full_rooms: FullRooms::default(),
            manual_pauses: ManualPauses::default(),
            pool_loads: PoolLoads::default(),
            capped_tenants: CappedTenants::default(),
            unpriced: UnpricedWarnings::default(),
            broker,
            ledger,
            session,
            kling,
            clock,
            settings,
            other_accounts,
            in_progress,
            abandon,
        }
    }

    /// The ledger may not know a job that it knew before, so no job may be decided.
    pub(crate) fn is_rebuilding(&self) -> bool {
        self.session.phase() < Phase::Recalling
    }
}
