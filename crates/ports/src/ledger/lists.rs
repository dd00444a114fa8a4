use job::{JobKey, Operation, Record, StateKind, Tenant, Timestamp};

/// Which records are wanted; all, if nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Any, if none is named.
    pub states: Vec<StateKind>,
    pub tenant: Option<Tenant>,
    pub operation: Option<Operation>,
    /// Only those created at this moment or later.
    pub since: Option<Timestamp>,
    /// At most this many, newest first by creation among those found.
    pub limit: usize,
}

impl ListFilter {
    /// Those in one of these states, of all tenants.
    pub fn of_states(states: &[StateKind], limit: usize) -> Self {
        Self { states: states.to_vec(), limit, ..Self::default() }
    }

    pub fn takes(&self, record: &Record) -> bool {
        self.wants(Some(record.state.kind()))
            && self.tenant.as_ref().is_none_or(|tenant| record.key.tenant == *tenant)
            && self.operation.as_ref().is_none_or(|operation| record.operation == *operation)
            && self.since.is_none_or(|since| record.created_at >= since)
    }

    /// Whether this state passes. `None`: a state that this version does not know.
    pub fn wants(&self, state: Option<StateKind>) -> bool {
        self.states.is_empty() || state.is_some_and(|state| self.states.contains(&state))
    }
}

/// The place of a record in a list: newest first by creation, and by name where that is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub created_at: Timestamp,
    pub key: JobKey,
}

impl Cursor {
    pub fn of(record: &Record) -> Self {
        Self { created_at: record.created_at, key: record.key.clone() }
    }

    /// As text, that [`parse`](Self::parse) reads.
    pub fn to_text(&self) -> String {
        format!("{}/{}", self.created_at.as_millis(), self.key)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (millis, key) = text.split_once('/')?;
        let created_at = Timestamp::from_millis(millis.parse().ok()?);
        Some(Self { created_at, key: JobKey::parse(key)? })
    }

    /// Orders names as bytes, as stores do.
    pub fn order(&self) -> (Timestamp, String) {
        (self.created_at, self.key.to_string())
    }
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub records: Vec<Record>,
    /// Where the list goes on; `None` at its end. A page may have fewer records than asked for, or
    /// none, and still have this: only so many are looked at for one page.
    pub next: Option<Cursor>,
}
