use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::chance::Chance;
use crate::plan::Rates;

/// What is away at present, and how often single calls go wrong.
#[derive(Debug)]
pub(crate) struct Weather {
    rates: Rates,
    sky: Mutex<Sky>,
}

#[derive(Debug, Default)]
struct Sky {
    calm: bool,
    away: [Option<Instant>; 6],
}

/// What can be away for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Far {
    Ledger,
    Broker,
    Provider,
    /// The provider is there and does not serve the account.
    Account,
    /// The provider is there and breaks on every POST.
    Posts,
    /// Somebody on the way lets nothing through.
    Path,
}

/// What becomes of one call to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Fine,
    /// It never arrived.
    NoEffect,
    /// It was done, and nobody heard of it.
    NoAnswer,
}

impl Weather {
    pub(crate) fn new(rates: Rates) -> Self {
        Self { rates, sky: Mutex::default() }
    }

    fn sky(&self) -> MutexGuard<'_, Sky> {
        self.sky.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn rates(&self) -> Rates {
        if self.sky().calm { Rates::default() } else { self.rates }
    }

    /// From now on nothing goes wrong any more.
    pub(crate) fn calm(&self) {
        *self.sky() = Sky { calm: true, ..Sky::default() };
    }

    pub(crate) fn send_away(&self, far: Far, wait: Duration) {
        self.sky().away[far as usize] = Some(Instant::now() + wait);
    }

    pub(crate) fn is_away(&self, far: Far) -> bool {
        self.sky().away[far as usize].is_some_and(|until| Instant::now() < until)
    }

    pub(crate) fn fate(&self, far: Far, often: f64, chance: &Chance) -> Fate {
        match self.is_away(far) || chance.happens(often) {
            true if chance.happens(0.5) => Fate::NoEffect,
            true => Fate::NoAnswer,
            false => Fate::Fine,
        }
    }

    /// Mostly nothing or little; sometimes long enough that others overtake.
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
