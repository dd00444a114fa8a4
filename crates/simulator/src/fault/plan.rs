//! Selects the faults of a create or a query, without a clock or a store.

use std::time::Duration;

use super::{DEFAULT_LOOKS, Fault, FaultKind};
use crate::chance::Chance;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::task::{Ending, Failure};

/// The request that a fault may affect: one attempt of one job, or one query for one task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) operation: Operation,
    /// Seed and marker.
    pub(crate) chance: Chance,
    /// From 1.
    pub(crate) attempt: u32,
}

impl Target {
    pub(super) fn draw(&self, place: usize) -> Chance {
        self.chance.with(place as u64 + 1).with(u64::from(self.attempt))
    }
}

/// Instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spoiled {
    Refusal(Refusal),
    Html,
    /// A page under this status.
    Page(u16),
    NoTaskId,
    /// The connection ends with FIN.
    Closed,
    /// The connection ends with RST.
    Reset,
}

/// What befalls one create.
#[derive(Clone, Debug, Default)]
pub(crate) struct CreateFaults {
    /// Strikes before the request is judged: nothing is created.
    pub(crate) instead: Option<(FaultKind, Spoiled)>,
    /// The task is created, this is sent in place of the answer.
    pub(crate) spoiled: Option<(FaultKind, Spoiled)>,
    pub(crate) created_late: Option<Duration>,
    pub(crate) delay: Option<Duration>,
    pub(crate) task: TaskFaults,
}

/// What befalls the task that a create makes.
#[derive(Clone, Debug, Default)]
pub(crate) struct TaskFaults {
    pub(crate) ending: Option<(FaultKind, Ending)>,
    pub(crate) hidden_looks: u32,
    pub(crate) backwards: bool,
    pub(crate) never_ends: bool,
}

/// The faults of one query.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryFaults {
    pub(crate) spoiled: Option<(FaultKind, Spoiled)>,
    pub(crate) delay: Option<Duration>,
}

/// The faults that strike a create. Of several that exclude each other the first listed wins.
pub(crate) fn of_create(faults: &[Fault], target: &Target) -> CreateFaults {
    let mut plan = CreateFaults::default();
    for (place, fault) in faults.iter().enumerate() {
        if fault.strikes(place, target) {
            plan.add(fault);
        }
    }
    plan
}

impl CreateFaults {
    fn add(&mut self, fault: &Fault) {
        use FaultKind as K;
        let kind = fault.kind;
        if let Some(spoiled) = instead_of_creating(fault) {
            self.instead.get_or_insert((kind, spoiled));
        } else if let Some(spoiled) = after_creating(kind) {
            self.spoiled.get_or_insert((kind, spoiled));
        } else if let Some(ending) = ending(kind) {
            self.task.ending.get_or_insert((kind, ending));
        } else {
            match kind {
                K::CreatedLate => self.created_late = Some(fault.delay()),
                K::DelayMs => self.delay = Some(fault.delay()),
                K::NotFoundAfterCreate => {
                    let looks = fault.value.unwrap_or(DEFAULT_LOOKS);
                    self.task.hidden_looks = u32::try_from(looks).unwrap_or(u32::MAX);
                }
                K::StatusBackwards => self.task.backwards = true,
                K::NeverEnds => self.task.never_ends = true,
                _ => {}
            }
        }
    }
}

fn instead_of_creating(fault: &Fault) -> Option<Spoiled> {
    let retry_after_s = fault.value.map(|millis| millis.div_ceil(1_000));
    Some(match fault.kind {
        FaultKind::ResetBefore => Spoiled::Reset,
        FaultKind::Busy => Spoiled::Refusal(Refusal::TOO_MANY),
        FaultKind::TooManyRequests => {
            Spoiled::Refusal(Refusal { retry_after_s, ..Refusal::TOO_FAST })
        }
        FaultKind::AccountBlocked => Spoiled::Refusal(Refusal::NO_MONEY),
        FaultKind::OutOfCredit => Spoiled::Refusal(Refusal::NO_QUOTA),
        FaultKind::Error500NotCreated => Spoiled::Refusal(Refusal::BROKEN),
        FaultKind::Error504NotCreated => Spoiled::Refusal(Refusal::TIMED_OUT),
        FaultKind::Html => Spoiled::Html,
        FaultKind::ForbiddenPage => Spoiled::Page(403),
        FaultKind::UnavailablePage => Spoiled::Page(503),
        _ => return None,
    })
}

fn after_creating(kind: FaultKind) -> Option<Spoiled> {
    Some(match kind {
        FaultKind::LostAnswer => Spoiled::Closed,
        FaultKind::Error500Created => Spoiled::Refusal(Refusal::BROKEN),
        FaultKind::Error504Created => Spoiled::Refusal(Refusal::TIMED_OUT),
        FaultKind::HtmlCreated => Spoiled::Html,
        FaultKind::NoTaskId => Spoiled::NoTaskId,
        _ => return None,
    })
}

fn ending(kind: FaultKind) -> Option<Ending> {
    Some(match kind {
        FaultKind::FailModeration => Ending::Fail(Failure::Moderation),
        FaultKind::FailGeneration => Ending::Fail(Failure::Generation),
        FaultKind::SucceedWithoutUrl => Ending::SucceedWithoutUrl,
        _ => return None,
    })
}

/// Selects the faults of a query.
pub(crate) fn of_query(faults: &[Fault], target: &Target) -> QueryFaults {
    let mut plan = QueryFaults::default();
    for (place, fault) in faults.iter().enumerate() {
        let spoiled = match fault.kind {
            FaultKind::QueryError500 => Some(Spoiled::Refusal(Refusal::BROKEN)),
            FaultKind::QueryLostAnswer => Some(Spoiled::Closed),
            FaultKind::QueryHtml => Some(Spoiled::Html),
            FaultKind::QueryDelayMs => None,
            _ => continue,
        };
        if !fault.strikes(place, target) {
            continue;
        }
        match spoiled {
            Some(spoiled) => _ = plan.spoiled.get_or_insert((fault.kind, spoiled)),
            None => plan.delay = Some(fault.delay()),
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(marker: &str, attempt: u32) -> Target {
        let chance = Chance::new(1).with_text(marker);
        Target { operation: Operation::Text2Video, chance, attempt }
    }

    #[test]
    fn kinds_have_the_documented_names() {
        let name = |kind| serde_json::to_value(kind).unwrap();
        assert_eq!(name(FaultKind::Error500Created), "error_500_created");
        assert_eq!(name(FaultKind::Error504NotCreated), "error_504_not_created");
        assert_eq!(name(FaultKind::LostAnswer), "lost_answer");
        assert_eq!(name(FaultKind::DelayMs), "delay_ms");
        assert_eq!(name(FaultKind::NotFoundAfterCreate), "not_found_after_create");
    }

    #[test]
    fn attempts_bound_a_fault() {
        let mut first = Fault::at_rate(FaultKind::Busy, 1.0);
        first.first_n = Some(2);
        let struck = |fault: &Fault, attempt| {
            of_create(std::slice::from_ref(fault), &target("a", attempt)).instead.is_some()
        };
        assert_eq!([1, 2, 3].map(|n| struck(&first, n)), [true, true, false]);
        let mut after = Fault::at_rate(FaultKind::Busy, 1.0);
        after.after_n = Some(2);
        assert_eq!([1, 2, 3].map(|n| struck(&after, n)), [false, false, true]);
        let mut elsewhere = Fault::at_rate(FaultKind::Busy, 1.0);
        elsewhere.operation = Some("images/generations".into());
        assert!(!struck(&elsewhere, 1));
    }

    #[test]
    fn marker_attempt_and_place_draw_apart() {
        let faults =
            [Fault::at_rate(FaultKind::Busy, 0.5), Fault::at_rate(FaultKind::LostAnswer, 0.5)];
        let mut seen = std::collections::HashSet::new();
        for n in 0..50 {
            let plan = of_create(&faults, &target(&format!("j{n}"), 1));
            let again = of_create(&faults, &target(&format!("j{n}"), 1));
            assert_eq!(plan.instead, again.instead);
            seen.insert((plan.instead.is_some(), plan.spoiled.is_some()));
        }
        assert_eq!(seen.len(), 4, "all four combinations appear");
    }

    #[test]
    fn exclusive_faults_yield_to_the_first() {
        let faults =
            [Fault::at_rate(FaultKind::Html, 1.0), Fault::at_rate(FaultKind::ResetBefore, 1.0)];
        let plan = of_create(&faults, &target("a", 1));
        assert_eq!(plan.instead, Some((FaultKind::Html, Spoiled::Html)));
    }
}
