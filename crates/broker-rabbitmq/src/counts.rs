//! How often a message was delivered before. Brokers count differently, and a producer may have
//! copied the headers from another message.

use std::sync::atomic::{AtomicU8, Ordering};

/// How often it was given back or its consumer died; since RabbitMQ 4.3, only the deaths.
pub(crate) const DELIVERY: &str = "x-delivery-count";

/// Since RabbitMQ 4.3: how often it was delivered before.
pub(crate) const ACQUIRED: &str = "x-acquired-count";

/// Both headers of a message, as they arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) delivery: Option<u64>,
    pub(crate) acquired: Option<u64>,
}

/// Which header this broker writes, as its messages have shown.
#[derive(Debug, Default)]
pub(crate) struct Counting(AtomicU8);

// 0: not known yet.
const BY_DELIVERY: u8 = 1;
const BY_ACQUIRED: u8 = 2;

impl Counting {
    /// How often the message was delivered before, at least.
    pub(crate) fn deliveries(&self, redelivered: bool, counts: Counts) -> u32 {
        // On a first delivery both are the producer's: the broker writes none there.
        if !redelivered {
            return 0;
        }
        let before = self.learn(counts);
        let (delivery, acquired) = (counts.delivery.unwrap_or(0), counts.acquired.unwrap_or(0));
        let count = match before {
            BY_ACQUIRED => acquired,
            BY_DELIVERY => delivery,
            // One of them may be the producer's.
            _ => delivery.min(acquired),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The broker writes its header on every message that was delivered before.
    fn learn(&self, counts: Counts) -> u8 {
        let shown = match (counts.delivery, counts.acquired) {
            (None, Some(_)) => BY_ACQUIRED,
            (Some(_), None) => BY_DELIVERY,
            (Some(_), Some(_)) | (None, None) => return self.0.load(Ordering::Relaxed),
        };
        self.0.store(shown, Ordering::Relaxed);
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(delivery: Option<u64>, acquired: Option<u64>) -> Counts {
        Counts { delivery, acquired }
    }

    #[test]
    fn a_first_delivery_counts_nothing_whatever_the_producer_wrote() {
        assert_eq!(Counting::default().deliveries(false, counts(Some(25), Some(25))), 0);
    }

    #[test]
    fn what_is_given_back_counts_on_every_version() {
        assert_eq!(Counting::default().deliveries(true, counts(Some(3), None)), 3, "3.10 to 4.2");
        let counting = Counting::default();
        assert_eq!(counting.deliveries(true, counts(None, Some(3))), 3, "4.3");
        assert_eq!(counting.deliveries(true, counts(Some(1), Some(4))), 4, "a consumer died");
    }

    #[test]
    fn a_copied_count_is_not_believed() {
        let counting = Counting::default();
        assert_eq!(counting.deliveries(true, counts(Some(25), Some(1))), 1, "not known yet");
        assert_eq!(counting.deliveries(true, counts(Some(1), Some(25))), 1, "not known yet");
        counting.deliveries(true, counts(Some(1), None));
        assert_eq!(counting.deliveries(true, counts(Some(2), Some(25))), 2, "3.10 to 4.2");
        counting.deliveries(true, counts(None, Some(1)));
        assert_eq!(counting.deliveries(true, counts(Some(25), Some(2))), 2, "4.3");
    }
}
