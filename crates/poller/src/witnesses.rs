//! Tasks that the provider was seen to have, by which its look-ups are tested.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use job::ExternalId;
use kling::Route;

/// The external id of the task of each route that was seen last.
#[derive(Default)]
pub(crate) struct Witnesses {
    seen: Mutex<HashMap<Route, ExternalId>>,
}

impl Witnesses {
    pub(crate) fn see(&self, route: Route, external_id: &ExternalId) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(route, external_id.clone());
    }

    /// Every route that has one.
    pub(crate) fn all(&self) -> Vec<(Route, ExternalId)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = seen.iter().map(|(route, id)| (*route, id.clone())).collect();
        // A map has no order of its own, and a simulation must be repeatable.
        all.sort_by_key(|(route, _)| route.path());
        all
    }

    pub(crate) fn of(&self, route: Route) -> Option<ExternalId> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&route).cloned()
    }
}
