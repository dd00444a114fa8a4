//! The result of looking into a doubt, as a fact: found, denied or unknown.

use crate::Fact;

/// A task that may be attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub task_id: String,
    pub status: &'static str,
}

impl Candidate {
    pub fn accepted(self) -> Fact {
        Fact::Accepted { task_id: self.task_id, status: self.status.to_owned() }
    }
}

/// The result of a look-up by external id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookedUp {
    Found(Candidate),
    /// By a look-up that can prove it.
    Denied,
    /// The look-up proves nothing, or none was made.
    Worthless(String),
    /// The look-up failed; another one may succeed.
    Unclear(String),
}

/// The result of querying the tasks that callbacks named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposals {
    /// Why none of them could be attached.
    pub evidence: Vec<String>,
    /// The provider did not answer about some of them.
    pub silent: bool,
}

/// Pure. The fact when no named task could be attached. `expects`: a callback may still come.
pub fn conclude(looked_up: LookedUp, proposals: Proposals, expects: bool) -> Fact {
    if !proposals.evidence.is_empty() {
        return Fact::Unproven { evidence: proposals.evidence, answered: !proposals.silent };
    }
    match looked_up {
        LookedUp::Found(candidate) => candidate.accepted(),
        LookedUp::Denied => Fact::Denied,
        LookedUp::Unclear(why) => Fact::LookUpFailed { why },
        LookedUp::Worthless(why) if expects => {
            Fact::Unheard { why: format!("{why}, and no callback has named a task") }
        }
        LookedUp::Worthless(why) => Fact::GivenUp { why },
    }
}

/// Whether only a callback can settle the doubt.
pub fn waits_for_callbacks(looked_up: &LookedUp, proposals: &Proposals) -> bool {
    proposals.evidence.is_empty() && matches!(looked_up, LookedUp::Worthless(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_task_outweighs_a_denial() {
        let named = Proposals { evidence: vec!["task 9".into()], silent: false };
        let fact = conclude(LookedUp::Denied, named.clone(), true);
        assert_eq!(fact, Fact::Unproven { evidence: named.evidence, answered: true });
        assert_eq!(conclude(LookedUp::Denied, Proposals::default(), true), Fact::Denied);
    }

    #[test]
    fn without_a_look_up_a_callback_is_waited_for_where_one_can_come() {
        let worthless = || LookedUp::Worthless("none".into());
        assert!(waits_for_callbacks(&worthless(), &Proposals::default()));
        assert!(!waits_for_callbacks(&LookedUp::Denied, &Proposals::default()));
        let conclude = |expects| conclude(worthless(), Proposals::default(), expects);
        assert!(matches!(conclude(true), Fact::Unheard { .. }));
        assert_eq!(conclude(false), Fact::GivenUp { why: "none".into() });
    }
}
