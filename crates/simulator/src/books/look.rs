//! Looking at tasks: by task id, by external id, as a list.

use std::sync::Arc;
use std::time::Duration;

use super::{Books, Entry};
use crate::chance::Chance;
use crate::fault::{self, FaultKind, QueryFaults, Spoiled, Target};
use crate::ident;
use crate::operation::Operation;
use crate::settings::Settings;
use crate::task::{Status, View};

/// The id that a query asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'a> {
    /// The last segment of the path: a task id, or an external id.
    Segment(&'a str),
    /// The parameter `external_task_id`.
    ExternalId(&'a str),
}

/// The result of a query, and how long the response is delayed.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) found: Result<View, Spoil>,
    pub(crate) delay: Duration,
}

/// Why a query shows no task.
#[derive(Debug)]
pub(crate) enum Spoil {
    NotFound,
    Fault(Spoiled),
}

impl Books {
    pub(crate) fn look(
        &mut self,
        now_us: u64,
        settings: &Settings,
        operation: Operation,
        key: Key<'_>,
    ) -> Look {
        self.settle(now_us);
        let place = self.resolve(settings, key);
        let place = place.filter(|place| self.tasks[*place].facts.operation == operation);
        let Some(place) = place else {
            return Look { found: Err(Spoil::NotFound), delay: Duration::ZERO };
        };
        let entry = &mut self.tasks[place];
        entry.looks += 1;
        let faults = entry.query_faults(settings);
        let delay = faults.delay.unwrap_or_default();
        if faults.delay.is_some() {
            self.tally.fault(FaultKind::QueryDelayMs);
        }
        if let Some((kind, spoiled)) = faults.spoiled {
            self.tally.fault(kind);
            return Look { found: Err(Spoil::Fault(spoiled)), delay };
        }
        let entry = &self.tasks[place];
        let found = if entry.is_hidden() { Err(Spoil::NotFound) } else { Ok(entry.view(now_us)) };
        Look { found, delay }
    }

    fn resolve(&mut self, settings: &Settings, key: Key<'_>) -> Option<usize> {
        match key {
            Key::Segment(text) => {
                let by_id = text.parse().ok().and_then(|id: u64| self.by_id.get(&id).copied());
                let by_external_id =
                    self.by_external_id.get(text).copied().filter(|_| settings.look_up.path);
                if by_id.is_some() || (by_external_id.is_none() && ident::looks_like_task_id(text))
                {
                    self.tally.queries += 1;
                } else {
                    self.tally.look_ups += 1;
                }
                by_id.or(by_external_id)
            }
            Key::ExternalId(text) => {
                self.tally.look_ups += 1;
                self.by_external_id.get(text).copied().filter(|_| settings.look_up.query)
            }
        }
    }

    /// One page of an operation's tasks, newest first; pages count from 1. None: not served.
    pub(crate) fn list(
        &mut self,
        now_us: u64,
        settings: &Settings,
        operation: Operation,
        page: usize,
        size: usize,
    ) -> Option<Vec<View>> {
        self.settle(now_us);
        self.tally.lists += 1;
        if !settings.look_up.list {
            return None;
        }
        let places = self.by_operation[operation.index()].iter().rev();
        let places = places.skip((page - 1).saturating_mul(size)).take(size);
        let mut views = Vec::new();
        for place in places {
            let entry = &mut self.tasks[*place];
            if entry.looks < entry.hidden_looks {
                entry.looks += 1;
            } else {
                views.push(entry.view(now_us));
            }
        }
        Some(views)
    }
}

impl Entry {
    fn is_hidden(&self) -> bool {
        self.looks <= self.hidden_looks
    }

    fn query_faults(&self, settings: &Settings) -> QueryFaults {
        if settings.faults.is_empty() {
            return QueryFaults::default();
        }
        let chance = Chance::new(settings.seed).with_text(&self.facts.marker);
        let target = Target { operation: self.facts.operation, chance, attempt: self.looks };
        fault::of_query(&settings.faults, &target)
    }

    fn view(&self, now_us: u64) -> View {
        let status = match self.facts.status_at(now_us) {
            Status::Processing if self.backwards && self.looks.is_multiple_of(2) => {
                Status::Submitted
            }
            status => status,
        };
        View { facts: Arc::clone(&self.facts), status }
    }
}
