//! Derives from a finished ledger write what happened to the job.

use job::{EventKind, Outcome, Record, State, Timestamp};
use ports::{OutboxEntry, Write};

/// What happened to a job.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reading {
    /// The provider accepted it, after so many seconds in the queue.
    Submitted { queued: Option<f64>, unpriced: bool },
    /// The response to its submission was lost.
    InDoubt,
    /// It ended or was parked. With the seconds since it was published and since it was submitted,
    /// the units that the provider charged, and what it cost.
    Completed {
        outcome: EventKind,
        whole: Option<f64>,
        generating: Option<f64>,
        units: Option<f64>,
        usd: Option<f64>,
    },
}

impl Reading {
    /// `None` if nothing happened that is counted: a query, an intent, a repair.
    pub(crate) fn of(write: &Write) -> Option<Self> {
        let record = &write.record;
        let announced: Vec<_> = write.outbox.iter().filter_map(kind).collect();
        // Restored from the journal, or another request with the same id: not a change of this job.
        if record.restored || announced.contains(&EventKind::Conflict) {
            return None;
        }
        if let Some(outcome) = announced.into_iter().find(|kind| kind.is_outcome()) {
            return Some(Self::completed(record, outcome));
        }
        match &record.state {
            State::Pending { looks: 0, .. } => {
                let queued = seconds(record.enqueued_at, record.submitted_at);
                let unpriced = record.estimate.is_some_and(|estimate| estimate.amount.is_none());
                Some(Self::Submitted { queued, unpriced })
            }
            State::InDoubt { doubt } if doubt.looks == 0 => Some(Self::InDoubt),
            _ => None,
        }
    }

    fn completed(record: &Record, outcome: EventKind) -> Self {
        let at = match &record.state {
            State::Settled { at, .. } | State::Parked { at, .. } => Some(*at),
            _ => None,
        };
        Self::Completed {
            outcome,
            whole: seconds(record.enqueued_at.or(Some(record.created_at)), at),
            generating: seconds(record.submitted_at, at),
            units: units(&record.state),
            usd: usd(record),
        }
    }
}

/// Only for messages to the results exchange.
fn kind(entry: &OutboxEntry) -> Option<EventKind> {
    EventKind::of_type(entry.message.kind.as_deref()?)
}

/// Clocks of different hosts may disagree by a little.
fn seconds(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<f64> {
    let millis = to?.as_millis() - from?.as_millis();
    Some(std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0)).as_secs_f64())
}

fn units(state: &State) -> Option<f64> {
    let State::Settled { outcome: Outcome::Succeeded { final_unit_deduction, .. }, .. } = state
    else {
        return None;
    };
    let units: f64 = final_unit_deduction.as_deref()?.parse().ok()?;
    (units.is_finite() && units > 0.0).then_some(units)
}

/// A parked job may still end otherwise.
fn usd(record: &Record) -> Option<f64> {
    let settled = matches!(record.state, State::Settled { .. });
    let cost = record.cost().filter(|cost| settled && !cost.usd.is_zero())?;
    // A metric need not be exact.
    Some(cost.usd.as_micros() as f64 / 1_000_000.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use job::{CloudEvent, EventSource, MessageFacts, Problem, decode};
    use recorder::Announcer;

    use super::*;

    const AT: Timestamp = Timestamp::EPOCH;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn record(state: State) -> Record {
        let body = br#"{"id":"a","operation":"videos/text2video","request":{"prompt":"x"}}"#;
        let job = decode(body, MessageFacts::default()).unwrap();
        let mut record = Record::new(&job, "default", "reelwork", AT);
        record.enqueued_at = Some(at(1));
        record.submitted_at = Some(at(4));
        record.state = state;
        record
    }

    fn write(state: State, said: &[EventKind]) -> Write {
        let announcer = Announcer { source: EventSource::of_installation("reelwork") };
        let record = record(state);
        let entry = |kind: &EventKind| {
            announcer.entry(&record, &CloudEvent::about(&record, *kind, &announcer.source, AT))
        };
        let outbox = said.iter().map(entry).collect();
        announcer.write_with(record, outbox, Duration::ZERO)
    }

    fn pending(looks: u32) -> State {
        State::Pending { status: "submitted".into(), looks, next_look: AT }
    }

    #[test]
    fn a_task_is_submitted_once_however_often_it_is_looked_at() {
        let submitted = Some(Reading::Submitted { unpriced: false, queued: Some(3.0) });
        assert_eq!(Reading::of(&write(pending(0), &[])), submitted);
        assert_eq!(Reading::of(&write(pending(0), &[EventKind::Submitted])), submitted);
        assert_eq!(Reading::of(&write(pending(1), &[])), None);
        assert_eq!(Reading::of(&write(pending(0), &[EventKind::Conflict])), None, "not its news");
        let mut restored = write(pending(0), &[]);
        restored.record.restored = true;
        assert_eq!(Reading::of(&restored), None);
    }

    #[test]
    fn a_doubt_is_counted_when_it_begins() {
        let mut doubt = job::Doubt::begun(AT, "lost".into(), AT);
        let in_doubt = |doubt: &job::Doubt| State::InDoubt { doubt: doubt.clone() };
        assert_eq!(Reading::of(&write(in_doubt(&doubt), &[])), Some(Reading::InDoubt));
        doubt.looks = 1;
        assert_eq!(Reading::of(&write(in_doubt(&doubt), &[])), None);
    }

    #[test]
    fn an_end_tells_how_long_it_took_and_what_it_cost() {
        let succeeded = Outcome::Succeeded {
            outputs: vec![],
            outputs_left_out: 0,
            final_unit_deduction: Some("3.5".into()),
        };
        let state = State::Settled { outcome: succeeded, at: at(64) };
        let expected = Reading::Completed {
            outcome: EventKind::Succeeded,
            whole: Some(63.0),
            generating: Some(60.0),
            units: Some(3.5),
            usd: Some(0.49),
        };
        let mut write = write(state, &[EventKind::Succeeded]);
        let unit = job::Money::parse("0.14");
        write.record.estimate = Some(job::Estimate { unit, ..job::Estimate::default() });
        assert_eq!(Reading::of(&write), Some(expected));
    }

    #[test]
    fn a_failed_round_that_will_be_repeated_is_no_end() {
        let failed = Outcome::Failed { error: Problem::new("failed", "no") };
        assert_eq!(Reading::of(&write(State::Settled { outcome: failed, at: AT }, &[])), None);
        assert_eq!(Reading::of(&write(State::Queued { why: None }, &[])), None);
    }
}
