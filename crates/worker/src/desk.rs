use std::sync::Arc;

use job::Lane;
use ports::Delivery;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::delivery;
use crate::gate::Gate;
use crate::shared::Shared;
use crate::slot_queue::Try;
use crate::turn::Queue;

/// Where work on one lane's deliveries begins, each in a task of its own.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) shared: Arc<Shared>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) lane: Lane,
    pub(crate) queue: Arc<Queue>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Desk {
    pub(crate) fn work_on(&self, delivery: Delivery, leave: Try) {
        let desk = self.clone();
        self.tasks.spawn(async move { delivery::handle(&desk, delivery, leave).await });
    }

    /// Not begun: it waits on the ladder, from where it is known to be unsent.
    pub(crate) async fn put_back(&self, delivery: Delivery) {
        delivery::put_back_unbegun(&self.shared, delivery).await;
    }
}
