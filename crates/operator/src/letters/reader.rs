//! Dead letters are read by taking them; those that are not settled go back.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use ports::{Broker, BrokerError, Deliveries, Settle, Source};
use tokio::time::Instant;

use crate::{Letter, Names};

/// If no letter arrives for this long, all have been read.
const QUIET: Duration = Duration::from_secs(2);
/// Longer than `dead list` holds the letters.
const BUSY: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(250);
/// How often is looked whether all that was given back can be read again.
const BACK: Duration = Duration::from_millis(20);

/// Letters of the first page, whose sizes are not known.
const FIRST_PAGE: u16 = 64;
/// Letters of a page at most, and at least.
const LARGEST_PAGE: u16 = 2_000;
const LEAST_PAGE: u16 = 8;
/// Letters given back at once.
const AT_ONCE: usize = 256;
/// Bytes that the broker may send ahead of what was read, as far as the letters before show.
const AHEAD: usize = 64 * 1024 * 1024;

/// Reads the letters that exist now, each once. What was read stays taken, so that it is not read
/// again, and without its body, so that any number of letters can be read.
pub struct LetterReader {
    broker: Arc<dyn Broker>,
    /// Only the last one can have letters that were not read.
    pages: Vec<Page>,
    left: u64,
    /// Bytes of the largest body so far.
    largest: usize,
    names: Names,
    /// Another reader was active, and may hold letters that were not shown.
    shared: bool,
}

/// A consumer, which gets nothing more once it keeps as many letters as it may have unsettled.
struct Page {
    deliveries: Box<dyn Deliveries>,
    most: usize,
    kept: Vec<Box<dyn Settle>>,
}

impl LetterReader {
    /// `most`: the largest number of letters that is wanted.
    pub async fn open(broker: &Arc<dyn Broker>, most: u64) -> Result<Self, BrokerError> {
        let shared = is_shared(broker.as_ref()).await?;
        let left = broker.depth(&Source::Dead).await?.min(most);
        let (broker, names) = (broker.clone(), Names::default());
        Ok(Self { broker, pages: Vec::new(), left, largest: 0, names, shared })
    }

    /// Another reader may hold letters: this is not all that is there.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// The one before must have been settled or kept.
    pub async fn next(&mut self) -> Result<Option<Letter>, BrokerError> {
        if self.left == 0 {
            return Ok(None);
        }
        if !self.has_room(0) {
            self.turn_page().await?;
        }
        self.left -= 1;
        let Some(page) = self.pages.last_mut() else { return Ok(None) };
        let next = tokio::time::timeout(QUIET, page.deliveries.next()).await.ok().flatten();
        let Some(delivery) = next else {
            // A letter that was counted and does not arrive is held by another reader.
            (self.shared, self.left) = (true, 0);
            return Ok(None);
        };
        self.largest = self.largest.max(delivery.message.body.len());
        Ok(Some(self.names.name(delivery)))
    }

    /// The next letters that are wanted, `most` of them or fewer; none if all were read. They must
    /// be settled or kept before more are read.
    pub async fn some(
        &mut self,
        wanted: impl Fn(&Letter) -> bool,
        most: usize,
    ) -> Result<Vec<Letter>, BrokerError> {
        let mut found = Vec::new();
        while found.is_empty() || found.len() < most && self.has_room(found.len()) {
            match self.next().await? {
                Some(letter) if wanted(&letter) => found.push(letter),
                Some(letter) => self.keep(letter),
                None => break,
            }
        }
        Ok(found)
    }

    /// It stays as it is, and is not read again.
    pub fn keep(&mut self, letter: Letter) {
        if let Some(page) = self.pages.last_mut() {
            page.kept.push(letter.delivery.settle);
        }
    }

    /// Gives back all that was kept, in its order, and returns when it can be read again.
    pub async fn close(mut self) {
        // First of all: what is given back must not be delivered to this reader again.
        for page in &mut self.pages {
            page.deliveries.cancel().await;
            while let Some(delivery) = page.deliveries.next().await {
                page.kept.push(delivery.settle);
            }
        }
        let kept: Vec<_> = self.pages.into_iter().flat_map(|page| page.kept).collect();
        let count = kept.len() as u64;
        // A letter that cannot be given back now goes back when the connection ends.
        let back: Vec<_> = kept.into_iter().map(|settle| settle.requeue()).collect();
        let back = stream::iter(back).buffered(AT_ONCE);
        back.for_each(async |result| drop(result)).await;
        returned(self.broker.as_ref(), count).await;
    }

    /// `out`: letters of the page that were read and are not settled or kept.
    fn has_room(&self, out: usize) -> bool {
        self.pages.last().is_some_and(|page| page.kept.len() + out < page.most)
    }

    async fn turn_page(&mut self) -> Result<(), BrokerError> {
        let most = page_of(self.largest, self.left);
        let deliveries = self.broker.consume(&Source::Dead, most).await?;
        self.pages.push(Page { deliveries, most: most.into(), kept: Vec::new() });
        Ok(())
    }
}

/// How many letters a page has. `largest`: the bytes of a letter; 0 if none was read.
fn page_of(largest: usize, left: u64) -> u16 {
    let fit = match largest {
        0 => FIRST_PAGE,
        bytes => u16::try_from(AHEAD / bytes).unwrap_or(u16::MAX).clamp(LEAST_PAGE, LARGEST_PAGE),
    };
    fit.min(u16::try_from(left).unwrap_or(u16::MAX)).max(1)
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

/// Whoever reads next would take those that are not back yet for all that there are.
async fn returned(broker: &dyn Broker, count: u64) {
    let give_up = Instant::now() + QUIET;
    while matches!(broker.depth(&Source::Dead).await, Ok(depth) if depth < count)
        && Instant::now() < give_up
    {
        tokio::time::sleep(BACK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_as_many_letters_as_fit_ahead() {
        assert_eq!(page_of(0, u64::MAX), FIRST_PAGE);
        assert_eq!(page_of(1_000, u64::MAX), LARGEST_PAGE);
        assert_eq!(page_of(1024 * 1024, u64::MAX), 64);
        assert_eq!(page_of(8 * 1024 * 1024, u64::MAX), 8);
        assert_eq!(page_of(usize::MAX, u64::MAX), LEAST_PAGE);
        assert_eq!((page_of(0, 3), page_of(1_000, 0)), (3, 1));
    }
}
