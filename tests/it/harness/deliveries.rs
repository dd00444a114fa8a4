//! Counts deliveries in the AMQP stream, because no other part counts redeliveries.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    all: AtomicU64,
    again: AtomicU64,
}

impl Deliveries {
    pub(crate) fn all(&self) -> u64 {
        self.all.load(Ordering::Relaxed)
    }

    /// Deliveries that the broker marks as redelivered.
    pub(crate) fn again(&self) -> u64 {
        self.again.load(Ordering::Relaxed)
    }
}

/// Finds the frames of AMQP 0-9-1 in a stream of bytes; finds none in other protocols.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    rest: Vec<u8>,
    foreign: bool,
}

const METHOD: u8 = 1;
const HEARTBEAT: u8 = 8;
const DELIVER: [u8; 4] = [0, 60, 0, 60];
const HEAD: usize = 7;

impl Frames {
    pub(crate) fn read(&mut self, bytes: &[u8], seen: &Deliveries) {
        if self.foreign {
            return self.rest.clear();
        }
        self.rest.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(frame) = frame(&self.rest[start..]) {
            if frame[0] == METHOD && frame[HEAD..].starts_with(&DELIVER) {
                seen.all.fetch_add(1, Ordering::Relaxed);
                seen.again.fetch_add(u64::from(is_redelivered(frame)), Ordering::Relaxed);
            }
            start += frame.len();
        }
        self.rest.drain(..start);
        self.foreign = self.rest.first().is_some_and(|kind| !matches!(*kind, METHOD..=HEARTBEAT));
    }
}

/// The first complete frame.
fn frame(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.get(3..HEAD)?;
    let length = u32::from_be_bytes(length.try_into().expect("four bytes")) as usize;
    bytes.get(..HEAD + length + 1)
}

/// The flag follows the consumer tag (a short string) and the delivery tag (eight bytes).
fn is_redelivered(frame: &[u8]) -> bool {
    let tag = HEAD + DELIVER.len();
    let flag = frame.get(tag).and_then(|length| frame.get(tag + 1 + usize::from(*length) + 8));
    flag.is_some_and(|flag| flag & 1 == 1)
}
