//! Tasks that the provider was seen to have, by which its look-ups are tested.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use job::ExternalId;
use kling::Route;

/// A task that the provider showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Witness {
    pub(crate) task_id: String,
    pub(crate) external_id: ExternalId,
}

/// The task of each route that was seen last.
#[derive(Default)]
pub(crate) struct Witnesses {
    seen: Mutex<HashMap<Route, Witness>>,
}

impl Witnesses {
    pub(crate) fn see(&self, route: Route, task: Witness) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(route, task);
    }

    /// Every route that has one.
    pub(crate) fn all(&self) -> Vec<(Route, Witness)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = seen.iter().map(|(route, id)| (*route, id.clone())).collect();
        // A map has no order of its own, and a simulation must be repeatable.
        all.sort_by_key(|(route, _)| route.path());
        all
    }

    pub(crate) fn of(&self, route: Route) -> Option<Witness> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&route).cloned()
    }
}
