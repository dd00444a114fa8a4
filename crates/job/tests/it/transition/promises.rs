use proptest::prelude::*;

use super::*;

fn any_fact() -> impl Strategy<Value = Fact> {
    let mut all = facts();
    all.push(Fact::Ended { outcome: failed() });
    all.push(Fact::Accepted { task_id: "9".into(), status: "submitted".into() });
    proptest::sample::select(all)
}

/// What must hold between any record and the next, whatever the fact.
fn follows(before: &Record, step: &Step, rules: &Rules) {
    let after = &step.record;
    assert!(after.round == before.round || after.round == before.round + 1);
    let derived = ExternalId::derive(&rules.installation, &after.key, &after.life, after.round);
    assert_eq!(after.external_id, derived, "one external id for each round");
    if let Some(task) = before.task_id.as_ref().filter(|_| after.round == before.round) {
        let is_kept = after.task_id.as_ref() == Some(task) || after.other_tasks.contains(task);
        assert!(is_kept, "a paid task is never forgotten");
    }
    let outcome = |effect: &Effect| matches!(effect, Effect::Announce(kind) if kind.is_outcome());
    if after.state.is_final() && before.state.word() != after.state.word() {
        assert!(step.effects.iter().any(outcome), "an end that nobody is told of");
    }
    let released = step.effects.iter().filter(|e| matches!(e, Effect::ReleasePermit { .. }));
    assert!(released.count() <= 1, "a slot is given back once");
    assert!(after.attempt <= rules.max_attempts.max(before.attempt), "tries are bounded");
    assert!(!before.sent_before || after.sent_before || after.round > before.round);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// For any sequence of facts: outcomes are announced once per round, a permit is released
    /// exactly when the round stops working, and history stays bounded.
    #[test]
    fn no_sequence_of_facts_breaks_the_promises(
        sequence in proptest::collection::vec((any_fact(), 0i64..200_000), 1..120),
        retries in 0u32..3,
        trusted in any::<bool>(),
        resubmits in any::<bool>(),
        deadline in proptest::option::of(0i64..5_000_000),
    ) {
        let on_doubt = if resubmits { OnDoubt::Resubmit } else { OnDoubt::Park };
        let denials_trusted = trusted;
        let rules = Rules { denials_trusted, on_doubt, max_attempts: 4, ..Rules::default() };
        let mut present = record(State::Queued { why: None });
        present.retries = retries;
        present.deadline = deadline.map(Timestamp::from_millis);
        let mut now = 0;
        let mut announced = std::collections::HashSet::new();
        for (fact, wait) in sequence {
            now += wait;
            let denied = trusted && fact == Fact::Denied;
            let Ok(step) = transition(present.clone(), fact, at(now), &rules) else { continue };
            follows(&present, &step, &rules);
            let held = present.holds_permit(present.round);
            let holds = step.record.holds_permit(present.round);
            let released = step.effects.iter().any(|effect| {
                matches!(effect, Effect::ReleasePermit { round, .. } if *round == present.round)
            });
            let parked_in_doubt =
                matches!(step.record.state, State::Parked { doubt: Some(_), .. });
            let waits =
                matches!(step.record.state, State::Queued { .. } | State::Waiting { .. });
            let freed = held && !holds && !parked_in_doubt;
            // A job whose task a trusted look-up denies uses no slot in its next state.
            match denied && (waits || parked_in_doubt) {
                true => prop_assert!(released || parked_in_doubt),
                // A slot that was given back while its task ran may be given back again at its end.
                false if present.watch.slot_returned => prop_assert!(!freed),
                // A slot that it was granted meanwhile.
                false if matches!(present.state, State::Waiting { .. }) => {
                    let waits_on = matches!(step.record.state, State::Queued { .. });
                    let uses = step.record.may_be_running() && !waits_on;
                    let as_it_was = present.state.kind() == step.record.state.kind();
                    prop_assert!((as_it_was && !released) || released != uses);
                }
                // It may hold one that was taken before its record was written.
                false
                    if matches!(step.record.state, State::Waiting { .. })
                        || matches!(present.state, State::Queued { .. })
                            && step.record.state.kind() == StateKind::Rejected =>
                {
                    prop_assert!(released || !freed);
                }
                false => prop_assert_eq!(released, freed),
            }
            for effect in &step.effects {
                if let Effect::Announce(kind) = effect {
                    // With these rules only this event is about a task that has not ended.
                    let goes_on = *kind == EventKind::Overdue;
                    prop_assert_eq!(step.record.state.is_final(), !goes_on);
                    prop_assert!(announced.insert((*kind, step.record.round)) || *kind == EventKind::Parked);
                }
            }
            prop_assert!(step.record.round >= present.round);
            prop_assert!(step.record.history.len() <= 32);
            if step.effects.iter().any(|effect| matches!(effect, Effect::Requeue { .. })) {
                prop_assert!(step.record.to_job().is_some());
            }
            let json = serde_json::to_string(&step.record).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Record>(&json).unwrap(), &step.record);
            present = step.record;
        }
    }
}
