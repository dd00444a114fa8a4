use std::fmt::Write as _;

use job::{JobKey, Record, Timestamp};
use ports::{
    Claimed, Created, Fence, Following, Generation, HeldPermit, OutboxEntry, Pause, Permitted,
    Standing, Stored, Swapped, Witness,
};

/// An answer in few words, for the trace.
pub(crate) trait Told {
    fn told(&self) -> String;

    /// It brought nothing: a process that dies now has lost nothing.
    fn is_nothing(&self) -> bool {
        false
    }
}

fn line(stored: &Stored) -> String {
    let Stored { record, version, owner_alive } = stored;
    format!("{}@{version}{}", words(record), if *owner_alive { " alive" } else { "" })
}

pub(crate) fn words(record: &Record) -> String {
    let Record { key, round, attempt, .. } = record;
    format!("{key} {} {round}.{attempt}", record.state.word())
}

impl Told for () {
    fn told(&self) -> String {
        "done".to_owned()
    }
}

impl Told for Fence {
    fn told(&self) -> String {
        format!("as {} of {}", self.owner, self.generation.id)
    }
}

impl Told for Standing {
    fn told(&self) -> String {
        format!("opens {:?}", self.opens_at)
    }
}

impl Told for Option<Following> {
    fn told(&self) -> String {
        format!("{self:?}")
    }
}

impl Told for Option<Timestamp> {
    fn told(&self) -> String {
        format!("{self:?}")
    }
}

impl Told for Vec<String> {
    fn told(&self) -> String {
        self.join(" ")
    }
}

/// Whether it was given.
impl Told for bool {
    fn told(&self) -> String {
        self.to_string()
    }

    fn is_nothing(&self) -> bool {
        !self
    }
}

impl Told for Vec<Option<u64>> {
    fn told(&self) -> String {
        format!("{self:?}")
    }
}

impl Told for Option<Generation> {
    fn told(&self) -> String {
        self.as_ref().map_or("none".to_owned(), |generation| generation.id.clone())
    }
}

impl Told for Created {
    fn told(&self) -> String {
        match self {
            Self::New => "new".to_owned(),
            Self::Exists(stored) => format!("exists {}", line(stored)),
        }
    }
}

impl Told for Swapped {
    fn told(&self) -> String {
        match self {
            Self::Done(version) => format!("done @{version}"),
            Self::Stale(None) => "stale, nothing there".to_owned(),
            Self::Stale(Some(stored)) => format!("stale, {}", line(stored)),
        }
    }
}

impl Told for Option<Stored> {
    fn told(&self) -> String {
        self.as_ref().map_or("none".to_owned(), line)
    }
}

impl Told for Claimed<Stored> {
    fn told(&self) -> String {
        self.items.iter().fold(String::new(), |mut all, stored| {
            let _ = write!(all, "[{}]", line(stored));
            all
        })
    }

    fn is_nothing(&self) -> bool {
        self.items.is_empty()
    }
}

impl Told for Claimed<OutboxEntry> {
    fn told(&self) -> String {
        self.items.iter().fold(String::new(), |mut all, entry| {
            let _ = write!(all, "[{} {}]", entry.key, entry.id);
            all
        })
    }

    fn is_nothing(&self) -> bool {
        self.items.is_empty()
    }
}

impl Told for Permitted {
    fn told(&self) -> String {
        format!("{self:?}")
    }
}

impl Told for u32 {
    fn told(&self) -> String {
        self.to_string()
    }
}

impl Told for Vec<HeldPermit> {
    fn told(&self) -> String {
        let keys = self.iter().map(|held| &held.permit.key);
        keys.map(JobKey::to_string).collect::<Vec<_>>().join(" ")
    }
}

impl Told for Vec<Witness> {
    fn told(&self) -> String {
        self.iter().map(|witness| witness.task_id.as_str()).collect::<Vec<_>>().join(" ")
    }
}

impl Told for Vec<Record> {
    fn told(&self) -> String {
        self.len().to_string()
    }
}

impl Told for Option<Pause> {
    fn told(&self) -> String {
        self.as_ref().map_or("no", |_| "yes").to_owned()
    }
}
