//! Takes jobs for a pool whose slots are all in use: one worker at a time, as many jobs as slots are
//! free, high before normal before low.

mod holders;
mod round;

use std::sync::Arc;

use job::Resource;
use ports::{LedgerError, Permit};
use tokio_util::sync::CancellationToken;

use self::holders::Holders;
use self::round::Left;
use crate::handler::Handler;
use crate::intake::{Intake, IntakeState, PauseReason};
use crate::pool_turn::PoolTurn;
use crate::shared::Shared;
use crate::take::LaneTaker;

/// Jobs taken in one round.
const MOST: u32 = 32;
/// With so many free slots, lanes are consumed as if there were no limit.
const PLENTY: u32 = 256;

pub(crate) struct FullPool {
    shared: Arc<Shared>,
    intake: Arc<Intake>,
    resource: Resource,
    /// The pool's name in the ledger.
    pool: String,
    /// In the order in which they are served.
    handlers: Vec<Handler>,
    taker: LaneTaker,
    stop: CancellationToken,
    turn: PoolTurn,
    /// The first in hand needs more slots than are free: no other job may take them.
    is_stuck: bool,
    holders: Holders,
}

impl FullPool {
    /// `handlers`: those of the resource, the first served first.
    pub(crate) fn new(
        shared: Arc<Shared>,
        intake: Arc<Intake>,
        resource: Resource,
        handlers: Vec<Handler>,
        stop: CancellationToken,
    ) -> Self {
        let pool = Permit::pool_of(&shared.settings.account, resource);
        let turn = PoolTurn::of(shared.clone(), &pool);
        let (taker, is_stuck, holders) = (LaneTaker::default(), false, Holders::default());
        Self { shared, intake, resource, pool, handlers, taker, stop, turn, is_stuck, holders }
    }

    /// Starts jobs for the free slots, or opens the intake if none waits.
    pub(crate) async fn serve(&mut self) {
        if let Err(error) = self.try_serve().await {
            tracing::warn!(%error, resource = %self.resource, "free slots could not be given out");
        }
    }

    /// This worker takes no more jobs: another may.
    pub(crate) async fn leave(&mut self) {
        if let Err(error) = self.turn.leave().await {
            tracing::debug!(%error, resource = %self.resource, "the turn is not given back");
        }
    }

    async fn try_serve(&mut self) -> Result<(), LedgerError> {
        let limit = self.shared.settings.slots.of(self.resource);
        if limit == 0 {
            self.intake.open(u16::MAX);
            return Ok(());
        }
        // Before a slot is free: jobs in hand come before those in the lanes.
        if !self.intake.slots.is_empty() && !self.take_turn().await? {
            return Ok(());
        }
        while self.serves_on(limit).await? {}
        Ok(())
    }

    /// Whether there are both slots and jobs left.
    async fn serves_on(&mut self, limit: u32) -> Result<bool, LedgerError> {
        let free = limit.saturating_sub(self.shared.ledger.used(&self.pool).await?);
        if free == 0 {
            if !self.makes_way().await? {
                self.look_at_holders().await?;
            }
            return Ok(false);
        }
        if free >= PLENTY && self.intake.slots.is_empty() {
            self.intake.open_for(free);
            return Ok(false);
        }
        let most = self.most();
        if most == 0 || !self.take_turn().await? {
            return Ok(false);
        }
        self.serve_free(free, most).await
    }

    async fn serve_free(&mut self, free: u32, most: u32) -> Result<bool, LedgerError> {
        let left = self.round(free, most).await;
        self.is_stuck = left == Left::Stuck;
        if self.is_stuck {
            self.look_at_holders().await?;
            return Ok(false);
        }
        self.holders = Holders::default();
        if left == Left::Slots {
            self.intake.open_for(free);
        }
        let made_way = self.ends_round().await?;
        Ok(!made_way && left == Left::Both && self.is_full())
    }

    /// A worker with jobs in hand keeps its turn, since others would take their slots; unless others
    /// wait with jobs in hand.
    async fn ends_round(&mut self) -> Result<bool, LedgerError> {
        if self.makes_way().await? {
            return Ok(true);
        }
        self.end_turn_if_idle().await?;
        Ok(false)
    }

    async fn end_turn_if_idle(&mut self) -> Result<(), LedgerError> {
        match self.intake.slots.is_empty() {
            true => self.turn.end().await,
            false => Ok(()),
        }
    }

    /// As many as can be worked on; one at a time until answers are understood.
    fn most(&self) -> u32 {
        let places = self.shared.in_progress.available_permits();
        let most = if self.intake.is_unsure() { 1 } else { MOST };
        u32::try_from(places).unwrap_or(u32::MAX).min(most)
    }

    async fn take_turn(&mut self) -> Result<bool, LedgerError> {
        self.turn.take(!self.intake.slots.is_empty()).await
    }

    async fn makes_way(&mut self) -> Result<bool, LedgerError> {
        Ok(!self.is_stuck && self.turn.makes_way().await?)
    }

    fn is_full(&self) -> bool {
        matches!(self.intake.state(), IntakeState::Paused { reason: PauseReason::PoolFull, .. })
    }
}
