//! The accounts of a worker, as far as the jobs of one resource use them.

use std::sync::Arc;
use std::time::Duration;

use futures::future::select_all;
use job::{AccountLoad, AccountRules, Reason, Resource};
use kling::Route;
use ports::Usage;
use validation::Slots;

use crate::decode::{Bounds, Decoded};
use crate::intake::{Intake, IntakeState, PauseReason};
use crate::settings::Settings;
use crate::shared::Shared;

const SHORT: Duration = Duration::from_secs(5);

/// One account, for the jobs of one resource.
#[derive(Clone)]
pub(crate) struct AccountLane {
    pub(crate) shared: Arc<Shared>,
    pub(crate) intake: Arc<Intake>,
}

impl AccountLane {
    pub(crate) fn name(&self) -> &str {
        &self.shared.settings.account
    }

    /// Whether its pool is wide enough for the job.
    pub(crate) fn fits(&self, decoded: &Decoded) -> bool {
        self.narrowness(decoded).is_none()
    }

    /// A job that is wider than its pool cannot be done.
    pub(crate) fn fit(&self, decoded: &mut Decoded) {
        if let Some(reason) = self.narrowness(decoded) {
            decoded.fit = Err(reason);
        }
    }

    fn narrowness(&self, decoded: &Decoded) -> Option<Reason> {
        let fit = decoded.fit.as_ref().ok()?;
        self.shared.settings.slots.allow(&decoded.job, fit.slots).err()
    }

    fn window(&self) -> Option<u16> {
        window(&self.intake.state())
    }

    /// Whether requests of the route may be sent.
    fn is_open_for(&self, route: Option<Route>) -> bool {
        self.window().is_some() && !self.intake.is_paused_for(route)
    }

    /// Not for a short backoff: the jobs of the account go on soon.
    pub(crate) fn is_paused_for_long(&self) -> bool {
        match self.intake.state() {
            IntakeState::Open { .. } => false,
            IntakeState::Paused { reason, .. } => match reason {
                PauseReason::AccountPaused | PauseReason::ByHand => true,
                PauseReason::Backoff(_) => self.intake.backoff_left() > SHORT,
                PauseReason::Starting | PauseReason::LedgerRebuild => false,
            },
        }
    }

    /// Without an answer of the ledger it counts as idle: its slots are counted there.
    pub(crate) async fn usage(&self, resource: Resource) -> Usage {
        let Shared { pool_loads, ledger, .. } = self.shared.as_ref();
        pool_loads.usage(ledger.as_ref(), self.name(), resource).await
    }

    /// How busy it is.
    pub(crate) async fn load(&self, resource: Resource, route: Option<Route>) -> AccountLoad<'_> {
        let usage = self.usage(resource).await;
        AccountLoad {
            name: self.name(),
            is_open: self.is_open_for(route),
            used: usage.used,
            slots: self.shared.settings.slots.of(resource),
            waiting: usage.waiting,
        }
    }
}

fn window(state: &IntakeState) -> Option<u16> {
    match state {
        IntakeState::Open { window } => Some(*window),
        IntakeState::Paused { .. } => None,
    }
}

/// All accounts, the first of which is that of jobs for which no account can be chosen. Never empty.
#[derive(Clone)]
pub(crate) struct AccountLanes {
    first: AccountLane,
    others: Vec<AccountLane>,
    pub(crate) rules: Arc<AccountRules>,
}

impl AccountLanes {
    pub(crate) fn new(
        first: AccountLane,
        others: Vec<AccountLane>,
        rules: Arc<AccountRules>,
    ) -> Self {
        Self { first, others, rules }
    }

    pub(crate) fn first(&self) -> &AccountLane {
        &self.first
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &AccountLane> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(crate) fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// Empty if there is only one.
    pub(crate) fn names_of_several(&self) -> Vec<String> {
        let names = self.all().filter(|_| self.are_several());
        names.map(|lane| lane.name().to_owned()).collect()
    }

    pub(crate) fn named(&self, name: &str) -> Option<&AccountLane> {
        self.all().find(|lane| lane.name() == name)
    }

    pub(crate) fn bounds(&self) -> Bounds {
        let Settings { max_deliveries, slots, .. } = self.first.shared.settings;
        let others = self.others.iter().map(|lane| lane.shared.settings.slots);
        Bounds { max_deliveries, slots: others.fold(slots, Slots::wider) }
    }

    /// Ledger or broker failed: no account can be used.
    pub(crate) fn pause(&self, why: &str, reason: &PauseReason) {
        self.all().for_each(|lane| lane.intake.pause(why, reason.clone()));
    }

    /// How many deliveries may be taken at a time; `None`: all accounts are paused. While one is
    /// paused, its jobs wait in the waiting room, so that they delay those of the others by nothing.
    pub(crate) fn window(&self) -> Option<u16> {
        self.all().filter_map(AccountLane::window).max()
    }

    /// Returns once the window is as wanted.
    pub(crate) async fn wait_for(&self, wanted: impl Fn(Option<u16>) -> bool) -> Option<u16> {
        if !self.are_several() {
            let state = self.first.intake.wait_for(|state| wanted(window(state))).await;
            return window(&state);
        }
        loop {
            let mut changes: Vec<_> =
                self.all().map(|lane| Box::pin(lane.intake.changes())).collect();
            // Before the window is read: a change in between must not be missed.
            for change in &mut changes {
                change.as_mut().enable();
            }
            let window = self.window();
            if wanted(window) {
                return window;
            }
            select_all(changes).await;
        }
    }
}
