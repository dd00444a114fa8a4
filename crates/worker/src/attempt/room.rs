//! Whether a new job finds a place in the waiting room.

use job::{OverflowQueue, Record, Resource, WaitingCount};

use super::Attempt;
use crate::queue_kind::QueueKind;

impl Attempt<'_> {
    /// Where the job waits if there is no place. `None`: there is one. For a job of an overflow queue
    /// it has been waited for.
    pub(super) fn overflow_queue(&self, record: &Record) -> Option<OverflowQueue> {
        match self.queue {
            QueueKind::Lane => {
                let resource = record.operation.resource()?;
                Some(OverflowQueue::of(resource, &record.key.tenant, record.priority))
            }
            QueueKind::Overflow => None,
        }
    }

    /// `waiting`: `None` if it was not counted. Few jobs come then, unless other accounts keep the
    /// lane open.
    pub(super) async fn finds_place(
        &self,
        record: &Record,
        resource: Resource,
        waiting: Option<WaitingCount>,
    ) -> bool {
        let room = self.shared.settings.room(resource);
        let admits = match waiting {
            Some(waiting) => room.admits_new(waiting),
            None if self.shared.other_accounts.is_empty() => true,
            None => !self.submission.finds_no_place().await,
        };
        if !admits {
            self.shared.full_rooms.found_full(record);
        }
        admits
    }
}
