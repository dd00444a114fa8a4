//! Flags that select jobs, for several commands.

use std::time::Duration;

use clap::Args;
use job::{Operation, Timestamp};
use operator::Selection;
use ports::{Clock, ListFilter, SystemClock};

use super::value::{duration, field, operation};

#[derive(Debug, Args)]
pub(crate) struct Selected {
    /// The provider's path below /kling/v1/, such as videos/text2video
    #[arg(long, value_parser = operation)]
    operation: Option<Operation>,
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Recorded no longer ago than this, such as 90s or 2h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    since: Option<Duration>,
    /// Those with this in their metadata (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = field)]
    metadata: Vec<(String, String)>,
}

impl Selected {
    /// Those of the filter.
    pub(crate) fn of(self, filter: ListFilter) -> Selection {
        let Self { operation, model, since, metadata } = self;
        let filter = ListFilter { operation, since: since.map(ago), ..filter };
        Selection { filter, model, metadata, error: None }
    }
}

/// A moment so long before now.
pub(crate) fn ago(age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(SystemClock.now().as_millis().saturating_sub(age).max(0))
}
