//! Two accounts at the provider, one of which is in arrears at times.

#![allow(clippy::print_stdout, reason = "how many points there were is the figure")]

use std::collections::BTreeMap;

use world::{Plan, Report, run};

fn good(plan: &Plan) -> Report {
    let report = run(plan, None, false);
    assert!(report.is_good(), "seed {}: {:?}", report.seed, report.violations);
    report
}

/// The faults of worlds with these seeds.
fn faults(seeds: std::ops::Range<u64>, world: fn(u64, u32) -> Plan) -> BTreeMap<&'static str, u64> {
    let mut faults = BTreeMap::new();
    for seed in seeds {
        for (kind, count) in good(&world(seed, 60)).faults {
            *faults.entry(kind).or_insert(0) += count;
        }
    }
    faults
}

#[test]
fn worlds_with_two_accounts_keep_their_promises() {
    let faults = faults(20_000..20_012, Plan::several_accounts);
    let kinds = [
        "account in arrears",
        "moved to another account",
        "crash",
        "answer lost",
        "ledger emptied",
        "all at once",
    ];
    for kind in kinds {
        assert!(faults.get(kind).is_some_and(|count| *count > 0), "no {kind}: {faults:?}");
    }
}

/// Most jobs wait, and some in front of them may use no other account.
#[test]
fn jobs_that_may_use_another_account_end_while_one_is_in_arrears() {
    let faults = faults(1..11, Plan::arrears);
    assert!(faults["provider refuses"] > 100, "{faults:?}");
}

/// A worker tries an account again every five seconds, and may move a job for each of its free slots.
#[test]
fn two_refused_accounts_do_not_take_jobs_from_each_other_all_the_time() {
    let faults = faults(1..6, Plan::bankrupt);
    assert!((10..500).contains(&faults["moved to another account"]), "{faults:?}");
}

/// The jobs of a tenant at its limit wait on both accounts.
#[test]
fn two_accounts_do_not_take_jobs_from_each_other_that_neither_may_send() {
    for seed in 1..4 {
        let moved = good(&Plan::limited_tenants(seed, 200)).faults["moved to another account"];
        assert!((1..200).contains(&moved), "{moved}");
    }
}

#[test]
fn a_ledger_is_emptied_while_two_accounts_are_used() {
    faults(1..5, |seed, jobs| Plan::blackouts(seed, jobs).with_another_account());
    faults(1..4, |seed, jobs| Plan::crowds(seed, jobs).with_another_account());
}

/// The task of each job that was lost in its POST is found with the account that has it.
#[test]
fn what_was_sent_with_an_account_that_is_lost_is_found_there() {
    let faults = faults(1..6, Plan::lost_accounts);
    assert!(faults["found with another account"] > 5, "{faults:?}");
}

#[test]
fn no_death_on_the_way_to_another_account_loses_the_job_or_pays_it_twice() {
    let moved = run(&Plan::of_a_move(1, &[]), None, true);
    assert!(moved.trace.is_some_and(|trace| trace.contains("POST other: ")), "it was not moved");
    for point in (1..).step_by(3) {
        let report = run(&Plan::of_a_move(1, &[point]), None, false);
        assert!(report.is_good(), "a death at {point}: {:?}", report.violations);
        if !report.faults.contains_key("crash at a point") {
            println!("{point} points");
            assert!(point > 40, "{point} points are not all");
            return;
        }
    }
}
