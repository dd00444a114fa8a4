//! Pauses by hand, as the operators know them: nothing of a paused scope is POSTed from one second
//! after the command has returned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use job::{JobKey, ManualPause, Operation, PauseScope, Timestamp};
use kling::Route;
use memory::StoreTime;

use crate::accounts::Name;
use crate::judge::Judge;
use crate::process_clock::SKEW;

/// From the answer to a command until its pause holds everywhere.
const EFFECTIVE: Duration = Duration::from_secs(1);

pub(crate) struct PauseWatch {
    judge: Arc<Judge>,
    time: StoreTime,
    state: Mutex<State>,
}

/// What of which account.
pub(crate) type Paused = (Name, PauseScope);

#[derive(Default)]
struct State {
    /// Scopes that an operator works on: two at a time would not know what holds.
    taken: BTreeSet<Paused>,
    /// Each with the moment from which it holds.
    holding: BTreeMap<Paused, (Timestamp, ManualPause)>,
    /// How often the ledger has lost its data.
    losses: u32,
}

impl PauseWatch {
    pub(crate) fn new(judge: Arc<Judge>, time: StoreTime) -> Self {
        Self { judge, time, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self, what: &Paused) -> bool {
        self.state().taken.insert(what.clone())
    }

    pub(crate) fn give(&self, what: &Paused) {
        self.state().taken.remove(what);
    }

    pub(crate) fn losses(&self) -> u32 {
        self.state().losses
    }

    /// The command has returned. `losses`: when it began.
    pub(crate) fn paused(&self, account: Name, pause: ManualPause, losses: u32) {
        let from = self.time.now() + EFFECTIVE;
        let mut state = self.state();
        if state.losses == losses {
            state.holding.insert((account, pause.scope.clone()), (from, pause));
        }
    }

    /// A command begins that resumes it.
    pub(crate) fn resuming(&self, what: &Paused) {
        self.state().holding.remove(what);
    }

    /// The ledger has lost its data, and with them the pauses.
    pub(crate) fn lost(&self) {
        let mut state = self.state();
        state.holding.clear();
        state.losses += 1;
    }

    /// A POST leaves its process, whose clock may be ahead.
    pub(crate) fn posted(&self, account: Name, route: Route, marker: &str) {
        let (Some(key), operation) = (JobKey::parse(marker), Operation::new(route.path())) else {
            return;
        };
        let now = self.time.now();
        let broken = |((of, _), (from, pause)): &(&Paused, &(Timestamp, ManualPause))| {
            let holds = *from < now && pause.is_in_force(now + SKEW);
            holds && *of == account && pause.stops(&key.tenant, &operation)
        };
        if let Some((_, (_, pause))) = self.state().holding.iter().find(broken) {
            self.judge.accuse(format!("{key} was POSTed although {} was paused", pause.scope));
        }
    }
}
