//! What an operator has done with dead letters, in the words of every interface.

use crate::{Dropped, Error, Failed, Letter, Operator, Replayed};
use job::{Dropping, Failing, Replay, Stays};

/// What is done with each letter.
#[derive(Clone, Debug)]
pub enum LetterAction {
    Replay,
    Drop,
    /// With what the event says.
    Fail(String),
}

/// What became of a letter.
#[derive(Debug)]
pub enum Acted {
    Done,
    /// Only removed: the action was done before.
    Before,
    /// Left where it is, for this reason.
    Stays(Box<Letter>, &'static str),
}

/// What would become of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Would {
    Publish,
    /// Its job has ended, so it is done anew.
    PublishInNewRound,
    Remove,
    /// Its parked job ends as failed.
    RemoveAndFail,
    Stay {
        why: &'static str,
    },
}

impl Would {
    pub fn word(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::PublishInNewRound => "publish_in_new_round",
            Self::Remove => "remove",
            Self::RemoveAndFail => "remove_and_fail",
            Self::Stay { .. } => "stay",
        }
    }

    pub fn words(self) -> String {
        self.word().replace('_', " ")
    }

    pub fn why(self) -> Option<&'static str> {
        match self {
            Self::Stay { why } => Some(why),
            Self::Publish | Self::PublishInNewRound | Self::Remove | Self::RemoveAndFail => None,
        }
    }
}

impl LetterAction {
    /// The key of the result.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Replay => "replayed",
            Self::Drop => "dropped",
            Self::Fail(_) => "failed",
        }
    }

    /// What is confirmed.
    pub fn effect(&self, count: usize) -> String {
        let what = match self {
            Self::Replay => "published again: what is submitted is paid for",
            Self::Drop => "deleted for good, and the jobs that were parked with them end as failed",
            Self::Fail(_) => "resolved: the jobs that were parked with them end as failed",
        };
        format!("{count} dead messages are to be {what}")
    }

    pub async fn done(&self, operator: &Operator, letter: Letter) -> Result<Acted, Error> {
        match self {
            Self::Replay => Ok(match operator.replay(letter).await? {
                Replayed::Published => Acted::Done,
                Replayed::Before => Acted::Before,
                Replayed::Stays(letter, stays) => Acted::Stays(letter, why_it_stays(stays)),
            }),
            Self::Drop => Ok(match operator.drop_letter(letter).await? {
                Dropped::Letter => Acted::Done,
                Dropped::Stays(letter, stays) => Acted::Stays(letter, why_it_stays(stays)),
            }),
            Self::Fail(text) => Ok(match operator.fail_letter(letter, text).await? {
                Failed::Job => Acted::Done,
                Failed::Before => Acted::Before,
                Failed::Stays(letter, stays) => Acted::Stays(letter, why_it_stays(stays)),
            }),
        }
    }

    /// Nothing is changed.
    pub async fn would(&self, operator: &Operator, letter: &Letter) -> Result<Would, Error> {
        match self {
            Self::Replay => Ok(match operator.look(letter).await? {
                Replay::Publish => Would::Publish,
                Replay::Begin => Would::PublishInNewRound,
                Replay::Done => Would::Remove,
                Replay::Stays(stays) => Would::Stay { why: why_it_stays(stays) },
            }),
            Self::Drop => Ok(match operator.look_at_dropping(letter).await? {
                Dropping::End => Would::RemoveAndFail,
                Dropping::Remove => Would::Remove,
                Dropping::Stays(stays) => Would::Stay { why: why_it_stays(stays) },
            }),
            Self::Fail(text) => Ok(match operator.look_at_failing(letter, text).await? {
                Failing::End(_) => Would::RemoveAndFail,
                Failing::Done => Would::Remove,
                Failing::Stays(stays) => Would::Stay { why: why_it_stays(stays) },
            }),
        }
    }
}

/// Why a letter was left.
pub fn why_it_stays(stays: Stays) -> &'static str {
    match stays {
        Stays::Conflict => "its id belongs to another request",
        Stays::UnderWay => "its job is under way",
        Stays::InDoubt => {
            "its job may have been submitted: `reelwork doubt list` shows it, and `doubt attach`, \
             `resubmit` or `fail` settles it"
        }
        Stays::Outdated => "its job has gone on since: `reelwork why` tells how",
        Stays::Forgotten => {
            "its job ended so long ago that it was forgotten: it may have been done. Publish it \
             under another id to have it done (again)"
        }
        Stays::Unrecorded => {
            "no record shows whether its job was submitted: `dead replay` publishes it as it is, and \
             `dead edit --id` as another job"
        }
        Stays::Recorded => {
            "its job is recorded: only its request can be edited, with --request or --set"
        }
        Stays::ParkedHere => {
            "its job is parked with it: edit it under its own id, or end the job with `dead fail`"
        }
        Stays::Taken => "the new id belongs to another request",
        Stays::Awaited => {
            "its job waits for it, since a replay was not finished: `dead replay` publishes it"
        }
        Stays::NoJob => "no job was recorded for it: `dead drop` deletes it",
        Stays::Ended => "its job has ended otherwise: `dead drop` deletes it",
    }
}
