//! The answer to a look-up by external id.

use job::{Candidate, LookedUp, Record};
use kling::{QueryError, Task};

use crate::fit::origin;

/// Pure. `trusted`: whether an answer that no task exists may be believed.
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
    if let Some(why) = record.contradiction(origin(&task)) {
        return LookedUp::Unclear(format!("the look-up answered with another task: {why}"));
    }
    let status = task.status.word();
    match task.task_id {
        Some(task_id) => LookedUp::Found(Candidate { task_id, status }),
        None => LookedUp::Unclear("the look-up named no task id".to_owned()),
    }
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
}
