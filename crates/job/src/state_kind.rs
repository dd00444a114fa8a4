use crate::{Outcome, State};

/// A state without its data, for lists and filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateKind {
    Queued,
    Waiting,
    Submitting,
    InDoubt,
    Pending,
    Parked,
    Succeeded,
    Failed,
    Rejected,
    TimedOut,
    /// Also a tombstone.
    Cancelled,
}

impl StateKind {
    pub const ALL: [Self; 11] = [
        Self::Queued,
        Self::Waiting,
        Self::Submitting,
        Self::InDoubt,
        Self::Pending,
        Self::Parked,
        Self::Succeeded,
        Self::Failed,
        Self::Rejected,
        Self::TimedOut,
        Self::Cancelled,
    ];

    /// The stable word: stored, shown, and read from a command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Submitting => "submitting",
            Self::InDoubt => "in_doubt",
            Self::Pending => "pending",
            Self::Parked => "parked",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether records of this kind [may be running](crate::Record::may_be_running).
    pub fn may_be_running(self) -> bool {
        match self {
            Self::Queued | Self::Submitting | Self::InDoubt | Self::Pending | Self::Parked => true,
            Self::Waiting
            | Self::Succeeded
            | Self::Failed
            | Self::Rejected
            | Self::TimedOut
            | Self::Cancelled => false,
        }
    }
}

impl State {
    pub fn kind(&self) -> StateKind {
        match self {
            Self::Queued { .. } => StateKind::Queued,
            Self::Waiting { .. } => StateKind::Waiting,
            Self::Submitting { .. } => StateKind::Submitting,
            Self::InDoubt { .. } => StateKind::InDoubt,
            Self::Pending { .. } => StateKind::Pending,
            Self::Parked { .. } => StateKind::Parked,
            Self::Tombstone => StateKind::Cancelled,
            Self::Settled { outcome, .. } => outcome.kind(),
        }
    }

    pub fn word(&self) -> &'static str {
        self.kind().word()
    }
}

impl Outcome {
    pub fn kind(&self) -> StateKind {
        match self {
            Self::Succeeded { .. } => StateKind::Succeeded,
            Self::Failed { .. } => StateKind::Failed,
            Self::Rejected { .. } => StateKind::Rejected,
            Self::TimedOut { .. } => StateKind::TimedOut,
            Self::Cancelled => StateKind::Cancelled,
        }
    }

    pub fn word(&self) -> &'static str {
        self.kind().word()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Doubt, JobKey, Record, Timestamp};

    const AT: Timestamp = Timestamp::EPOCH;

    #[test]
    fn every_word_parses_back_to_its_kind() {
        for kind in StateKind::ALL {
            assert_eq!(StateKind::parse(kind.word()), Some(kind));
        }
        assert_eq!(StateKind::parse("pending "), None);
    }

    #[test]
    fn a_record_that_may_be_running_has_such_a_kind() {
        let doubt = || Doubt::begun(AT, String::new(), AT);
        let submitting =
            State::Submitting { owner: String::new(), intent: String::new(), post_deadline: AT };
        let running = [
            State::Queued { why: None },
            submitting,
            State::InDoubt { doubt: doubt() },
            State::Pending { status: String::new(), looks: 0, next_look: AT },
            State::Parked { why: String::new(), doubt: Some(doubt()), at: AT },
        ];
        for state in running {
            let mut record = Record::tombstone(JobKey::parse("default/a").unwrap(), AT);
            (record.state, record.sent_before) = (state, true);
            assert!(record.may_be_running());
            assert!(record.state.kind().may_be_running(), "{}", record.state.word());
        }
    }
}
