//! The turn of a full pool: the worker that has it takes jobs for the pool. A worker that waits with
//! jobs in hand asks to be next and soon is, since its jobs came before those in the lanes.

use std::sync::Arc;
use std::time::Duration;

use ports::LedgerError;
use tokio::time::Instant;

use crate::shared::Shared;

/// How long one worker may take jobs while the others wait. Far longer than a round takes.
const TURN: Duration = Duration::from_secs(3);
/// While another worker has the turn it is not asked for again: many workers may wait for it.
const ANOTHERS: Duration = Duration::from_millis(400);
/// Whether another worker is to be next is asked no more often.
const WAY: Duration = Duration::from_millis(250);

pub(crate) struct PoolTurn {
    shared: Arc<Shared>,
    pool: String,
    /// The turn to be the next, which one of the waiting workers has.
    next: String,
    until: Option<Instant>,
    next_until: Option<Instant>,
    /// Another worker has the turn; until then this one does not ask for it.
    anothers_until: Option<Instant>,
    made_way_at: Option<Instant>,
}

impl PoolTurn {
    pub(crate) fn of(shared: Arc<Shared>, pool: &str) -> Self {
        let (pool, next) = (pool.to_owned(), format!("{pool}:next"));
        let (until, next_until, anothers_until, made_way_at) = (None, None, None, None);
        Self { shared, pool, next, until, next_until, anothers_until, made_way_at }
    }

    /// Asked for anew only when half of it is over. `in_hand`: jobs wait for it.
    pub(crate) async fn take(&mut self, in_hand: bool) -> Result<bool, LedgerError> {
        let now = Instant::now();
        if lasts(self.until, now) {
            return Ok(true);
        }
        if self.anothers_until.is_some_and(|until| now < until) {
            return Ok(false);
        }
        let is_ours = self.ask(&self.pool).await?;
        self.until = is_ours.then(|| now + TURN);
        if is_ours {
            self.next_is_over().await?;
        } else if !(in_hand && self.is_next(now).await?) {
            self.anothers_until = Some(now + ANOTHERS);
        }
        Ok(is_ours)
    }

    pub(crate) async fn end(&mut self) -> Result<(), LedgerError> {
        self.until = None;
        self.end_of(&self.pool).await
    }

    /// For a worker that stops: gives back what others would wait for.
    pub(crate) async fn leave(&mut self) -> Result<(), LedgerError> {
        self.next_is_over().await?;
        match self.until {
            Some(_) => self.end().await,
            None => Ok(()),
        }
    }

    /// Ends the turn if another worker is to be next.
    pub(crate) async fn makes_way(&mut self) -> Result<bool, LedgerError> {
        let now = Instant::now();
        let asked_lately = self.made_way_at.is_some_and(|at| now < at + WAY);
        if self.until.is_none() || asked_lately {
            return Ok(false);
        }
        self.made_way_at = Some(now);
        if self.ask(&self.next).await? {
            self.end_of(&self.next).await?;
            return Ok(false);
        }
        self.anothers_until = Some(now + ANOTHERS);
        self.end().await?;
        Ok(true)
    }

    async fn is_next(&mut self, now: Instant) -> Result<bool, LedgerError> {
        if !lasts(self.next_until, now) {
            self.next_until = self.ask(&self.next).await?.then(|| now + TURN);
        }
        Ok(self.next_until.is_some())
    }

    /// Another worker may be the next now.
    async fn next_is_over(&mut self) -> Result<(), LedgerError> {
        match self.next_until.take() {
            Some(_) => self.end_of(&self.next).await,
            None => Ok(()),
        }
    }

    async fn ask(&self, name: &str) -> Result<bool, LedgerError> {
        self.shared.ledger.take_turn(&self.shared.session.fence(), name, TURN).await
    }

    async fn end_of(&self, name: &str) -> Result<(), LedgerError> {
        self.shared.ledger.end_turn(&self.shared.session.fence(), name).await
    }
}

/// Pure. Whether more than half of a turn is left.
fn lasts(until: Option<Instant>, now: Instant) -> bool {
    until.is_some_and(|until| now + TURN / 2 < until)
}
