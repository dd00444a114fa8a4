//! What was found out about a doubt, as a fact. Never a guess: found, denied, or cannot tell.

use job::{Fact, Record};
use kling::{QueryError, Task};

use crate::fit::{Candidate, contradiction};

/// What a look-up by external id told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LookedUp {
    Found(Candidate),
    /// By a look-up that may be believed.
    Denied,
    /// By one that proves nothing, or none was made.
    Worthless(String),
    /// It says nothing about the task; another one may.
    Unclear(String),
}

/// What asking for the tasks told that callbacks named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Why none of them could be attached.
    pub(crate) evidence: Vec<String>,
    /// About some of them the provider was silent.
    pub(crate) silent: bool,
}

/// Pure: the answer to a look-up. `trusted`: its denials may be believed.
pub(crate) fn read(
    record: &Record,
    answer: Result<Option<Task>, QueryError>,
    trusted: bool,
) -> LookedUp {
    let task = match answer {
        Ok(Some(task)) => task,
        Ok(None) if trusted => return LookedUp::Denied,
        Ok(None) => {
            let why = "denied by a look-up that is not trusted";
            return LookedUp::Worthless(why.to_owned());
        }
        Err(error) => return LookedUp::Unclear(error.to_string()),
    };
    if let Some(why) = contradiction(record, &task) {
        return LookedUp::Unclear(format!("the look-up answered with another task: {why}"));
    }
    let status = task.status.word();
    match task.task_id {
        Some(task_id) => LookedUp::Found(Candidate { task_id, status }),
        None => LookedUp::Unclear("the look-up named no task id".to_owned()),
    }
}

/// Pure: all that is known when nothing could be attached. `expects`: a callback may still come.
pub(crate) fn conclude(looked_up: LookedUp, heard: Heard, expects: bool) -> Fact {
    if !heard.evidence.is_empty() {
        return Fact::Unproven { evidence: heard.evidence, answered: !heard.silent };
    }
    match looked_up {
        LookedUp::Found(Candidate { task_id, status }) => accepted(task_id, status),
        LookedUp::Denied => Fact::Denied,
        LookedUp::Unclear(why) => Fact::LookUpFailed { why },
        LookedUp::Worthless(why) if expects => {
            Fact::Unheard { why: format!("{why}, and no callback has named a task") }
        }
        LookedUp::Worthless(why) => Fact::GivenUp { why },
    }
}

pub(crate) fn accepted(task_id: String, status: &str) -> Fact {
    Fact::Accepted { task_id, status: status.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::tests::{record, task};

    #[test]
    fn a_task_under_our_id_is_found_and_another_one_is_not() {
        let record = record();
        let ours = read(&record, Ok(Some(task(Some(record.external_id.as_str()), None))), true);
        let candidate = Candidate { task_id: "7".into(), status: "processing" };
        assert_eq!(ours, LookedUp::Found(candidate));
        for other in [task(Some("somebody-else"), None), task(None, Some(1_600_000_000_000))] {
            assert!(matches!(read(&record, Ok(Some(other)), true), LookedUp::Unclear(_)));
        }
    }

    #[test]
    fn silence_is_not_a_denial_and_a_denial_is_only_worth_its_witness() {
        assert_eq!(read(&record(), Ok(None), true), LookedUp::Denied);
        assert!(matches!(read(&record(), Ok(None), false), LookedUp::Worthless(_)));
        let trouble = Err(QueryError::Later { cause: "timed out".into() });
        assert!(matches!(read(&record(), trouble, true), LookedUp::Unclear(_)));
    }

    #[test]
    fn a_named_task_outweighs_a_denial() {
        let heard = Heard { evidence: vec!["task 9".into()], silent: false };
        let fact = conclude(LookedUp::Denied, heard.clone(), true);
        assert_eq!(fact, Fact::Unproven { evidence: heard.evidence, answered: true });
        assert_eq!(conclude(LookedUp::Denied, Heard::default(), true), Fact::Denied);
    }

    #[test]
    fn without_a_look_up_a_callback_is_waited_for_where_one_can_come() {
        let worthless = || LookedUp::Worthless("none".into());
        let conclude = |expects| conclude(worthless(), Heard::default(), expects);
        assert!(matches!(conclude(true), Fact::Unheard { .. }));
        assert_eq!(conclude(false), Fact::GivenUp { why: "none".into() });
    }
}
