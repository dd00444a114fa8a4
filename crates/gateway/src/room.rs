//! How much memory the bodies of requests may take.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use job::MAX_MESSAGE_BYTES;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::Refusal;

/// The unit of room, in bytes.
const UNIT: usize = 1024;

pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        let most = (bytes / UNIT).max(units(MAX_MESSAGE_BYTES) as usize);
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Room for the largest body that this one may be, until it is dropped.
    pub(crate) fn take(&self, body: &Body) -> Result<OwnedSemaphorePermit, Refusal> {
        let upper = body.size_hint().upper().and_then(|bytes| usize::try_from(bytes).ok());
        let most = upper.unwrap_or(MAX_MESSAGE_BYTES).min(MAX_MESSAGE_BYTES);
        self.0.clone().try_acquire_many_owned(units(most)).map_err(|_| Refusal::TooMany)
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_takes_the_room_that_it_may_need() {
        let room = Room::new(2 * MAX_MESSAGE_BYTES);
        let unknown =
            || Body::from_stream(futures::stream::pending::<Result<Vec<u8>, axum::Error>>());
        let first = room.take(&unknown()).unwrap();
        let small: Vec<_> = (0..1000).map(|_| room.take(&Body::from("{}")).unwrap()).collect();
        assert!(matches!(room.take(&unknown()), Err(Refusal::TooMany)));
        assert!(room.take(&Body::from("{}")).is_ok());
        drop((first, small));
        assert!(room.take(&unknown()).is_ok());
    }
}
