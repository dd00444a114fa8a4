use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::accounts::Name;
use crate::chance::Chance;
use crate::plan::Rates;

/// Which services are unavailable now, and how often single calls fail.
#[derive(Debug)]
pub(crate) struct Outages {
    rates: Rates,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ended: bool,
    out_until: [Option<Instant>; 6],
    in_arrears: BTreeMap<Name, Instant>,
}

/// What can be unavailable for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remote {
    Ledger,
    Broker,
    Provider,
    /// The provider refuses the account.
    Account,
    /// The provider fails on every POST.
    Posts,
    /// A proxy refuses every request.
    Path,
}

/// What happens to one call to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Fine,
    /// The call never arrived.
    NoEffect,
    /// The call was done, and its response was lost.
    NoAnswer,
}

impl Outages {
    pub(crate) fn new(rates: Rates) -> Self {
        Self { rates, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn rates(&self) -> Rates {
        if self.state().ended { Rates::default() } else { self.rates }
    }

    /// From now on no call fails.
    pub(crate) fn end_all(&self) {
        *self.state() = State { ended: true, ..State::default() };
    }

    pub(crate) fn begin(&self, remote: Remote, wait: Duration) {
        self.state().out_until[remote as usize] = Some(Instant::now() + wait);
    }

    pub(crate) fn is_out(&self, remote: Remote) -> bool {
        self.state().out_until[remote as usize].is_some_and(|until| Instant::now() < until)
    }

    /// From now on the provider accepts nothing that is sent with this account.
    pub(crate) fn begin_arrears(&self, account: Name, wait: Duration) {
        self.state().in_arrears.insert(account, Instant::now() + wait);
    }

    pub(crate) fn is_in_arrears(&self, account: Name) -> bool {
        self.state().in_arrears.get(account).is_some_and(|until| Instant::now() < *until)
    }

    pub(crate) fn fate(&self, remote: Remote, often: f64, chance: &Chance) -> Fate {
        match self.is_out(remote) || chance.happens(often) {
            true if chance.happens(0.5) => Fate::NoEffect,
            true => Fate::NoAnswer,
            false => Fate::Fine,
        }
    }

    /// Mostly nothing or little; sometimes long enough for other calls to overtake it.
    pub(crate) fn delay(&self, chance: &Chance) -> Duration {
        let rates = self.rates();
        match chance.unit() {
            u if u < 0.45 => Duration::ZERO,
            u if u < 1.0 - rates.slow => chance.millis(1, 4),
            u if u < 1.0 - rates.slow / 10.0 => chance.millis(5, 60),
            _ => chance.millis(60, 800),
        }
    }
}
