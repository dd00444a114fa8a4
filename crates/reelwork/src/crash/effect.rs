use std::fmt;

/// The external effects of a process, in the order in which a job causes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    PublishJobs,
    Join,
    Follow,
    Followed,
    Lost,
    Open,
    Renew,
    TakeTurn,
    TakePermit,
    Reserve,
    Create,
    Swap,
    Post,
    Propose,
    GivePermits,
    SettleReservations,
    ClaimTask,
    PublishJournal,
    Ack,
    PublishLater,
    PublishOverflow,
    PublishDead,
    Enter,
    Grant,
    Confirm,
    EndTurn,
    Pause,
    ChangeSlotLimit,
    LookNow,
    ClaimDue,
    Query,
    ClaimOutbox,
    PublishResults,
    Announced,
    Postpone,
    Leave,
}

/// The position of a point relative to its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    /// Only for a POST: the request is sent, its response has not been read.
    Sent,
    After,
}

impl Effect {
    pub(super) const ALL: [Self; 36] = [
        Self::PublishJobs,
        Self::Join,
        Self::Follow,
        Self::Followed,
        Self::Lost,
        Self::Open,
        Self::Renew,
        Self::TakeTurn,
        Self::TakePermit,
        Self::Reserve,
        Self::Create,
        Self::Swap,
        Self::Post,
        Self::Propose,
        Self::GivePermits,
        Self::SettleReservations,
        Self::ClaimTask,
        Self::PublishJournal,
        Self::Ack,
        Self::PublishLater,
        Self::PublishOverflow,
        Self::PublishDead,
        Self::Enter,
        Self::Grant,
        Self::Confirm,
        Self::EndTurn,
        Self::Pause,
        Self::ChangeSlotLimit,
        Self::LookNow,
        Self::ClaimDue,
        Self::Query,
        Self::ClaimOutbox,
        Self::PublishResults,
        Self::Announced,
        Self::Postpone,
        Self::Leave,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::PublishJobs => "publish.jobs",
            Self::Join => "ledger.join",
            Self::Follow => "ledger.follow",
            Self::Followed => "ledger.followed",
            Self::Lost => "ledger.lost",
            Self::Open => "ledger.open",
            Self::Renew => "ledger.renew",
            Self::TakeTurn => "ledger.take_turn",
            Self::TakePermit => "ledger.take_permit",
            Self::Reserve => "ledger.reserve",
            Self::Create => "ledger.create",
            Self::Swap => "ledger.swap",
            Self::Post => "post",
            Self::Propose => "ledger.propose",
            Self::GivePermits => "ledger.give_permits",
            Self::SettleReservations => "ledger.settle_reservations",
            Self::ClaimTask => "ledger.claim_task",
            Self::PublishJournal => "publish.journal",
            Self::Ack => "ack",
            Self::PublishLater => "publish.later",
            Self::PublishOverflow => "publish.overflow",
            Self::PublishDead => "publish.dead",
            Self::Enter => "ledger.enter",
            Self::Grant => "ledger.grant",
            Self::Confirm => "ledger.confirm",
            Self::EndTurn => "ledger.end_turn",
            Self::Pause => "ledger.pause",
            Self::ChangeSlotLimit => "ledger.change_slot_limit",
            Self::LookNow => "ledger.look_now",
            Self::ClaimDue => "ledger.claim_due",
            Self::Query => "query",
            Self::ClaimOutbox => "ledger.claim_outbox",
            Self::PublishResults => "publish.results",
            Self::Announced => "ledger.announced",
            Self::Postpone => "ledger.postpone",
            Self::Leave => "ledger.leave",
        }
    }

    fn moments(self) -> &'static [Moment] {
        match self {
            Self::Post => &[Moment::Before, Moment::Sent, Moment::After],
            _ => &[Moment::Before, Moment::After],
        }
    }
}

/// The names of all points.
pub(super) fn points() -> impl Iterator<Item = String> {
    let of = |effect: Effect| effect.moments().iter().map(move |moment| point(effect, *moment));
    Effect::ALL.into_iter().flat_map(of)
}

pub(super) fn point(effect: Effect, moment: Moment) -> String {
    format!("{}.{moment}", effect.name())
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::Sent => "sent",
            Self::After => "after",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A new effect that is missing in the table would never be tested.
    #[test]
    fn every_effect_is_in_the_table_once() {
        let places = Effect::ALL.iter().map(|effect| *effect as usize);
        assert!(places.eq(0..=Effect::Leave as usize));
        let names: BTreeSet<String> = points().collect();
        assert_eq!(names.len(), 2 * Effect::ALL.len() + 1);
        assert!(names.contains("post.sent") && names.contains("ledger.swap.after"));
    }
}
