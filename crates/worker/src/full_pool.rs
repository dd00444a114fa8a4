//! Takes jobs for a pool whose slots are all in use: one worker at a time, as many as slots are
//! free, high before normal before low.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use job::{Priority, Resource, State};
use ports::{LedgerError, Permit, Stored};
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::gate::{Door, Gate, Reopen};
use crate::pool_turn::PoolTurn;
use crate::shared::Shared;
use crate::slot_queue::{Called, Otherwise, Outcome, Tried, Try};
use crate::taking::{Taken, Taking};

/// Until those that were let in are expected to have their slots.
const PATIENCE: Duration = Duration::from_secs(2);
/// Let in at once.
const MOST: u32 = 32;
/// So many free slots are nearly a pool without a limit.
const PLENTY: u32 = 256;
/// Rounds of a full pool between two looks at who holds its slots.
const LOOK_EVERY: u32 = 20;

pub(crate) struct FullPool {
    shared: Arc<Shared>,
    gate: Arc<Gate>,
    resource: Resource,
    pool: String,
    /// In the order in which they are served.
    desks: Vec<Desk>,
    taking: Taking,
    stop: CancellationToken,
    turn: PoolTurn,
    /// The first in hand needs more slots than are free: nobody else may take them.
    is_stuck: bool,
    rounds: u32,
    /// How many are looked at for one that holds a slot: doubled each time in vain.
    window: u32,
}

/// What was left after a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// Free slots, and nobody who waits for one.
    Slots,
    /// Jobs, and no slot for the next of them.
    Jobs,
    /// Jobs, and no room for the first of them: nobody was let in.
    Stuck,
    Both,
}

impl FullPool {
    /// `desks`: those of the resource, the first served first.
    pub(crate) fn new(
        shared: Arc<Shared>,
        gate: Arc<Gate>,
        resource: Resource,
        desks: Vec<Desk>,
        stop: CancellationToken,
    ) -> Self {
        let pool = Permit::pool_of(&shared.settings.account, resource);
        let turn = PoolTurn::of(shared.clone(), &pool);
        let (is_stuck, rounds, window) = (false, 0, 0);
        Self {
            shared,
            gate,
            resource,
            pool,
            desks,
            taking: Taking::default(),
            stop,
            turn,
            is_stuck,
            rounds,
            window,
        }
    }

    /// Lets in whoever has room, or opens the gate if nobody waits.
    pub(crate) async fn serve(&mut self) {
        if let Err(error) = self.try_serve().await {
            tracing::warn!(%error, resource = %self.resource, "free slots could not be given out");
        }
    }

    /// No more is taken: another worker may.
    pub(crate) async fn leave(&mut self) {
        if let Err(error) = self.turn.leave().await {
            tracing::debug!(%error, resource = %self.resource, "the turn is not given back");
        }
    }

    async fn try_serve(&mut self) -> Result<(), LedgerError> {
        let limit = self.shared.settings.slots.of(self.resource);
        if limit == 0 {
            self.gate.open(u16::MAX);
            return Ok(());
        }
        // Before a slot is free: jobs in hand come before those in the lanes.
        if !self.gate.slots.is_empty() && !self.take_turn().await? {
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
        if free >= PLENTY && self.gate.slots.is_empty() {
            self.gate.open_for(free);
            return Ok(false);
        }
        let most = self.most();
        if most == 0 || !self.take_turn().await? {
            return Ok(false);
        }
        let left = self.round(free, most).await;
        self.is_stuck = left == Left::Stuck;
        if self.is_stuck {
            self.look_at_holders().await?;
            return Ok(false);
        }
        (self.rounds, self.window) = (0, 0);
        if left == Left::Slots {
            self.gate.open_for(free);
        }
        let made_way = self.rests_after_round().await?;
        Ok(!made_way && left == Left::Both && self.is_full())
    }

    /// Whoever has jobs in hand keeps its turn, since others would take their slots: unless others
    /// wait with jobs in hand.
    async fn rests_after_round(&mut self) -> Result<bool, LedgerError> {
        if self.makes_way().await? {
            return Ok(true);
        }
        if self.gate.slots.is_empty() {
            self.turn.end().await?;
        }
        Ok(false)
    }

    /// As many as can be worked on; one at a time until answers are understood.
    fn most(&self) -> u32 {
        let places = self.shared.in_progress.available_permits();
        let most = if self.gate.is_unsure() { 1 } else { MOST };
        u32::try_from(places).unwrap_or(u32::MAX).min(most)
    }

    async fn take_turn(&mut self) -> Result<bool, LedgerError> {
        self.turn.take(!self.gate.slots.is_empty()).await
    }

    async fn makes_way(&mut self) -> Result<bool, LedgerError> {
        Ok(!self.is_stuck && self.turn.makes_way().await?)
    }

    fn is_full(&self) -> bool {
        matches!(self.gate.door(), Door::Closed { until: Reopen::WhenFree, .. })
    }

    async fn round(&self, free: u32, most: u32) -> Left {
        let (left, let_in) = self.let_in(free, most).await;
        match self.refused(let_in).await {
            true => Left::Jobs,
            false => left,
        }
    }

    /// Whether one of them got no slot, or does not know yet.
    async fn refused(&self, let_in: Vec<Outcome>) -> bool {
        let tried = join_all(let_in.into_iter().map(Outcome::known));
        let in_time = tokio::time::timeout(PATIENCE, tried);
        match self.stop.run_until_cancelled(in_time).await {
            Some(Ok(tried)) => tried.contains(&Tried::Refused),
            Some(Err(_)) | None => true,
        }
    }

    /// Lets in by priority those in hand first, then what is ready in the lane.
    async fn let_in(&self, mut free: u32, most: u32) -> (Left, Vec<Outcome>) {
        let mut let_in = Vec::new();
        for desk in &self.desks {
            loop {
                if free == 0 {
                    return (Left::Jobs, let_in);
                }
                if let_in.len() as u32 >= most {
                    return (Left::Both, let_in);
                }
                let (leave, outcome) = Try::watched(Otherwise::Waits);
                match self.gate.slots.call(desk.lane.priority, free, leave) {
                    Called::TooWide => return (too_wide(let_in.is_empty()), let_in),
                    Called::Asks(need) => free -= need,
                    Called::Nobody(leave) => match self.taking.one(desk, leave).await {
                        Taken::One => free -= 1,
                        Taken::Nothing => break,
                        Taken::NotNow => return (Left::Jobs, let_in),
                    },
                }
                let_in.push(outcome);
            }
        }
        (Left::Slots, let_in)
    }

    /// A job that is to be sent again keeps its slot while it waits in the lane: if such jobs
    /// hold the slots that are missing, only taking them can ever free one. A wide job can lack
    /// slots although some are free.
    async fn look_at_holders(&mut self) -> Result<(), LedgerError> {
        self.rounds += 1;
        // One worker of all looks: every record of the pool is read for it.
        if !self.rounds.is_multiple_of(LOOK_EVERY) || !self.take_turn().await? {
            return Ok(());
        }
        let waiting = self.waiting_holders().await?;
        if waiting.is_empty() {
            self.window = 0;
            // Whoever has jobs in hand keeps its turn: others would take their slots.
            return match self.gate.slots.is_empty() {
                true => self.turn.end().await,
                false => Ok(()),
            };
        }
        self.window = self.window.saturating_mul(2).clamp(1, MOST);
        self.look_through(&waiting).await;
        self.turn.end().await
    }

    /// Each lane on its own: a long one of a higher priority would keep the others for ever. Those
    /// in hand keep their places.
    async fn look_through(&self, waiting: &BTreeSet<Priority>) {
        for desk in self.desks.iter().filter(|desk| waiting.contains(&desk.lane.priority)) {
            let mut let_in = Vec::new();
            while (let_in.len() as u32) < self.window {
                let (leave, outcome) = Try::watched(Otherwise::GoesBack);
                match self.taking.one(desk, leave).await {
                    Taken::One => let_in.push(outcome),
                    Taken::Nothing | Taken::NotNow => break,
                }
            }
            self.refused(let_in).await;
        }
    }

    /// In which lanes jobs wait that hold slots.
    async fn waiting_holders(&self) -> Result<BTreeSet<Priority>, LedgerError> {
        let mut priorities = BTreeSet::new();
        for held in self.shared.ledger.permits(&self.pool).await? {
            let stored = self.shared.ledger.load(&held.permit.key).await?;
            let waits = |stored: &Stored| matches!(stored.record.state, State::Queued { .. });
            priorities.extend(stored.filter(waits).map(|stored| stored.record.priority));
        }
        Ok(priorities)
    }
}

/// Pure. What is left when the first in hand needs more slots than are free.
fn too_wide(nobody_let_in: bool) -> Left {
    if nobody_let_in { Left::Stuck } else { Left::Jobs }
}
