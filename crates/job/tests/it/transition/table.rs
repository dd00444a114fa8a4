use super::*;

#[test]
fn every_pair_is_a_move_or_a_named_refusal() {
    let mut table = String::new();
    for state in states() {
        let row = record(state.clone());
        for fact in facts() {
            let word = fact.word();
            match transition(row.clone(), fact, at(1000), &Rules::default()) {
                Ok(step) => {
                    let effects: Vec<String> = step.effects.iter().map(effect).collect();
                    let effects = effects.join(", ");
                    let line = format!("{} + {word} -> {}", name(&state), name(&step.record.state));
                    table.push_str(format!("{line} [{effects}]\n").trim_end_matches(" []\n"));
                    table.push_str(if effects.is_empty() { "\n" } else { "" });
                }
                Err(illegal) => {
                    assert_eq!((illegal.state, illegal.fact), (state.word(), word));
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

fn name(state: &State) -> String {
    match state {
        State::Tombstone => "tombstone".to_owned(),
        State::Parked { doubt: Some(_), .. } => "parked in doubt".to_owned(),
        other => other.word().to_owned(),
    }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Announce(kind) => format!("announce {}", kind.word()),
        Effect::ReleasePermit { unspent: true, .. } => "release permit unspent".to_owned(),
        Effect::ReleasePermit { .. } => "release permit".to_owned(),
        Effect::SettleReservation { .. } => "settle reservation".to_owned(),
        Effect::Wait => "wait".to_owned(),
        Effect::Withdraw => "withdraw".to_owned(),
        Effect::Requeue { after: None } => "requeue".to_owned(),
        Effect::Requeue { after: Some(delay) } => format!("requeue after {}", delay.as_str()),
    }
}
