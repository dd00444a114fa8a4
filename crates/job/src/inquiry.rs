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

/// Pure. The fact when no account has the task, from what [`conclude`] returned for each that may
/// have it. It is denied only if each of them denies it; while one may still tell, all are asked
/// again. Of one account, its fact.
pub fn found_nowhere(facts: &[Fact]) -> Fact {
    let open = facts.iter().find(|fact| is_open(fact));
    let evidence: Vec<String> = facts.iter().flat_map(evidence).cloned().collect();
    if !evidence.is_empty() {
        return Fact::Unproven { evidence, answered: open.is_none() };
    }
    if let Some(open) = open {
        return open.clone();
    }
    if facts.iter().all(|fact| *fact == Fact::Denied) {
        return Fact::Denied;
    }
    match facts.iter().find(|fact| matches!(fact, Fact::GivenUp { .. })) {
        Some(given_up) if facts.iter().all(|fact| *fact != Fact::Denied) => given_up.clone(),
        Some(Fact::GivenUp { why }) => Fact::LookUpFailed { why: why.clone() },
        Some(_) | None => Fact::LookUpFailed { why: "no account told anything".to_owned() },
    }
}

fn is_open(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::LookUpFailed { .. } | Fact::Unheard { .. } | Fact::Unproven { answered: false, .. }
    )
}

fn evidence(fact: &Fact) -> &[String] {
    if let Fact::Unproven { evidence, .. } = fact { evidence } else { &[] }
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
    fn a_task_is_denied_only_if_each_account_denies_it() {
        let (denied, failed) = (Fact::Denied, Fact::LookUpFailed { why: "timed out".into() });
        let given_up = Fact::GivenUp { why: "worthless".into() };
        let worthless = Fact::LookUpFailed { why: "worthless".into() };
        let unheard = Fact::Unheard { why: "no callback".into() };
        let proven = Fact::Unproven { evidence: vec!["a".into()], answered: false };
        for one in [&denied, &failed, &given_up, &unheard, &proven] {
            assert_eq!(found_nowhere(std::slice::from_ref(one)), *one);
        }
        for (facts, expected) in [
            ([&denied, &denied], &denied),
            ([&denied, &failed], &failed),
            ([&failed, &denied], &failed),
            ([&given_up, &given_up], &given_up),
            ([&denied, &given_up], &worthless),
            ([&given_up, &denied], &worthless),
        ] {
            assert_eq!(found_nowhere(&facts.map(Clone::clone)), *expected, "{facts:?}");
        }
    }

    #[test]
    fn what_speaks_for_a_task_on_any_account_is_kept() {
        let of = |words: &str, answered| Fact::Unproven { evidence: vec![words.into()], answered };
        let both = |answered| Fact::Unproven { evidence: vec!["a".into(), "b".into()], answered };
        assert_eq!(found_nowhere(&[of("a", true), of("b", true)]), both(true));
        assert_eq!(found_nowhere(&[of("a", true), Fact::Denied]), of("a", true));
        let failed = Fact::LookUpFailed { why: "timed out".into() };
        assert_eq!(found_nowhere(&[of("a", true), failed]), of("a", false));
        assert_eq!(found_nowhere(&[of("a", true), of("b", false)]), both(false));
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
