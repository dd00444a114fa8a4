//! Arguments and answers in a few words, for traces of tests.

use std::time::Duration;

use job::{
    Acceptance, Allowance, Allowed, Caps, JobKey, ManualPause, Money, PauseScope, Period, Record,
    SlotLimit, Tenant, Timestamp, WaitingCount,
};

use crate::{
    AccountTask, Claimed, Created, Cursor, Ended, Fence, Following, Generation, GrantTerms,
    Granted, HeldPermit, HeldReservation, Limits, ListFilter, NamedPause, OutboxEntry, OutboxId,
    Page, Pause, Permit, PermitReturn, Permitted, Place, PoolSlots, Reservation, Reserved,
    Settlement, SpentBy, Standing, Stored, Swapped, TenantWaiting, Usage, Waiter, Witness, Write,
};

/// A few words about a value: an argument of a call, or its answer.
pub trait Summary {
    /// Empty if there is nothing to show.
    fn summary(&self) -> String;

    /// An answer without content: a process that dies after it has lost nothing.
    fn brought_nothing(&self) -> bool {
        false
    }
}

impl<T: Summary + ?Sized> Summary for &T {
    fn summary(&self) -> String {
        (**self).summary()
    }
}

impl<T: Summary> Summary for [T] {
    fn summary(&self) -> String {
        self.iter().map(Summary::summary).collect::<Vec<_>>().join(", ")
    }
}

impl<T: Summary> Summary for Vec<T> {
    fn summary(&self) -> String {
        self.as_slice().summary()
    }
}

impl<T: Summary> Summary for Option<T> {
    fn summary(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), Summary::summary)
    }
}

impl<T: Summary> Summary for Claimed<T> {
    fn summary(&self) -> String {
        self.items.summary()
    }

    fn brought_nothing(&self) -> bool {
        self.items.is_empty()
    }
}

impl Summary for Page {
    fn summary(&self) -> String {
        self.records.summary()
    }
}

impl Summary for bool {
    fn summary(&self) -> String {
        self.to_string()
    }

    fn brought_nothing(&self) -> bool {
        !self
    }
}

impl Summary for () {
    fn summary(&self) -> String {
        "done".to_owned()
    }
}

/// A callback has no summary.
impl Summary for &mut (dyn for<'a> FnMut(&'a Record) + Send + '_) {
    fn summary(&self) -> String {
        String::new()
    }
}

macro_rules! summaries {
    ($($words:literal: $($type:ty),*;)*) => {$($(
        impl Summary for $type {
            fn summary(&self) -> String {
                format!($words, self)
            }
        }
    )*)*};
}

summaries! {
    "{}": str, String, u32, u64, usize, JobKey, Money, PauseScope, Period, Timestamp;
    "{:?}": Allowance, Allowed, Caps, Cursor, Duration, Following, Limits, ListFilter, Permitted, Place, Reserved, Standing, Usage;
}

/// Types that a few fields identify.
macro_rules! fields {
    ($($type:ident {$($field:ident),*} $words:literal;)*) => {$(
        impl Summary for $type {
            fn summary(&self) -> String {
                let Self { $($field,)* .. } = self;
                format!($words)
            }
        }
    )*};
}

fields! {
    Acceptance {operation} "{operation}";
    AccountTask {id} "{id}";
    Generation {id} "{id}";
    ManualPause {scope} "{scope}";
    NamedPause {name} "{name}";
    OutboxEntry {key, id} "{key} {id}";
    OutboxId {id} "{id}";
    Pause {reason} "{reason}";
    Permit {key, round} "{key}#{round}";
    TenantWaiting {tenant, waiting} "{tenant} {waiting}";
    SlotLimit {slots} "{slots}";
    HeldReservation {key, round, amount} "{key}#{round} {amount}";
    Reservation {key, round} "{key}#{round}";
    Settlement {key, round, settled} "{key}#{round} {settled:?}";
    SpentBy {name} "{name}";
    Ended {pool, count} "{pool} {count}";
    PermitReturn {key, round, revision, unspent} "{key}#{round}@{revision} {unspent}";
    Witness {task_id} "{task_id}";
}

impl Summary for Fence {
    fn summary(&self) -> String {
        format!("as {} of {}", self.owner, self.generation.id)
    }
}

impl Summary for Waiter {
    fn summary(&self) -> String {
        self.permit.summary()
    }
}

impl Summary for Tenant {
    fn summary(&self) -> String {
        self.to_string()
    }
}

impl Summary for WaitingCount {
    fn summary(&self) -> String {
        format!("{} of {}", self.of_tenant, self.of_pool)
    }
}

impl Summary for GrantTerms {
    fn summary(&self) -> String {
        self.limits.summary()
    }
}

impl Summary for Granted {
    fn summary(&self) -> String {
        let wide = if self.too_wide.is_empty() { "" } else { ", too wide " };
        format!("{}{wide}{} {:?}", self.jobs.summary(), self.too_wide.summary(), self.left)
    }

    fn brought_nothing(&self) -> bool {
        self.jobs.is_empty() && self.too_wide.is_empty()
    }
}

impl Summary for PoolSlots {
    fn summary(&self) -> String {
        format!("{} of {}", self.used, self.limit.summary())
    }
}

impl Summary for HeldPermit {
    fn summary(&self) -> String {
        self.permit.key.to_string()
    }
}

impl Summary for Record {
    fn summary(&self) -> String {
        let Self { key, round, attempt, .. } = self;
        format!("{key} {} {round}.{attempt}", self.state.word())
    }
}

impl Summary for Write {
    fn summary(&self) -> String {
        self.record.summary()
    }
}

impl Summary for Stored {
    fn summary(&self) -> String {
        let alive = if self.owner_alive { " alive" } else { "" };
        format!("{}@{}{alive}", self.record.summary(), self.version)
    }
}

impl Summary for Created {
    fn summary(&self) -> String {
        match self {
            Self::New => "new".to_owned(),
            Self::Exists(stored) => format!("exists {}", stored.summary()),
        }
    }
}

impl Summary for Swapped {
    fn summary(&self) -> String {
        match self {
            Self::Done(version) => format!("done @{version}"),
            Self::Stale(None) => "stale, nothing there".to_owned(),
            Self::Stale(Some(stored)) => format!("stale, {}", stored.summary()),
        }
    }
}
