//! Dead letters are read by taking them; those that are not settled go back.

use std::sync::Arc;
use std::time::Duration;

use operator::{Letter, Names};
use ports::{Broker, BrokerError, Deliveries, Delivery, Source};
use tokio::time::Instant;

use crate::error::Error;

const MOST: u64 = u16::MAX as u64;
/// If no letter arrives for this long, all have been read.
const QUIET: Duration = Duration::from_secs(2);
/// Longer than `dead list` holds the letters.
const BUSY: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(250);

/// Reads the letters that exist now, each once.
pub(super) struct Reader {
    deliveries: Box<dyn Deliveries>,
    left: u64,
    names: Names,
    /// Another reader was active, and may hold letters that were not shown.
    shared: bool,
}

/// The warning while another reader may hold letters.
pub(super) const SHARED: &str = "somebody else reads the dead letters at this moment and may hold \
    some: this is not all that is there; try again";

impl Reader {
    /// `most`: the largest number of letters that is wanted.
    pub(super) async fn open(broker: &Arc<dyn Broker>, most: u64) -> Result<Self, Error> {
        let shared = is_shared(broker.as_ref()).await?;
        let left = broker.depth(&Source::Dead).await?.min(most);
        let ahead = u16::try_from(left.clamp(1, MOST)).unwrap_or(u16::MAX);
        let deliveries = broker.consume(&Source::Dead, ahead).await?;
        Ok(Self { deliveries, left, names: Names::default(), shared })
    }

    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    pub(super) async fn next(&mut self) -> Option<Letter> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let next = tokio::time::timeout(QUIET, self.deliveries.next()).await.ok().flatten();
        // A letter that was counted and does not arrive is held by another reader.
        self.shared |= next.is_none();
        Some(self.names.name(next?))
    }

    /// All that are wanted, and all others.
    pub(super) async fn sort(
        &mut self,
        wanted: impl Fn(&Letter) -> bool,
    ) -> (Vec<Letter>, Vec<Letter>) {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        while let Some(letter) = self.next().await {
            if wanted(&letter) { yes.push(letter) } else { no.push(letter) }
        }
        (yes, no)
    }

    /// Gives the others back and closes in order: only then has the broker every settlement.
    pub(super) async fn close(mut self, others: Vec<Letter>) {
        for letter in others {
            give_back(letter.delivery).await;
        }
        self.deliveries.cancel().await;
        while let Some(delivery) = self.deliveries.next().await {
            give_back(delivery).await;
        }
    }
}

/// Waits a short time until other readers have given back their letters.
async fn is_shared(broker: &dyn Broker) -> Result<bool, BrokerError> {
    let give_up = Instant::now() + BUSY;
    while broker.is_read(&Source::Dead).await? {
        if Instant::now() >= give_up {
            return Ok(true);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(false)
}

async fn give_back(delivery: Delivery) {
    // A letter that cannot be given back now goes back when the connection ends.
    drop(delivery.requeue().await);
}
