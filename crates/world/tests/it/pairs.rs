//! One job, one process after another: the first dies at every point, and the second at every point
//! of the remaining work.

#![allow(clippy::print_stdout, reason = "how many pairs there were is the figure")]

use world::{Plan, Report, run};

fn good(points: &[u64]) -> Report {
    let report = run(&Plan::of_points(1, points), None, false);
    assert!(report.is_good(), "deaths at {points:?}: {:?}", report.violations);
    report
}

fn deaths(report: &Report) -> u64 {
    report.faults.get("crash at a point").copied().unwrap_or_default()
}

/// Every third point, so that three tests share the machine.
fn pairs_from(start: u64) {
    let (mut firsts, mut pairs) = (0, 0);
    for first in (start..).step_by(3) {
        if deaths(&good(&[first])) < 1 {
            break;
        }
        firsts += 1;
        for second in 1.. {
            if deaths(&good(&[first, second])) < 2 {
                break;
            }
            pairs += 1;
        }
    }
    println!("{firsts} points, {pairs} pairs");
    assert!(firsts >= 7 && pairs >= 7 * 20, "{firsts} points and {pairs} pairs are not all");
}

#[test]
fn no_pair_of_deaths_loses_the_job_or_pays_it_twice_first() {
    pairs_from(1);
}

#[test]
fn no_pair_of_deaths_loses_the_job_or_pays_it_twice_second() {
    pairs_from(2);
}

#[test]
fn no_pair_of_deaths_loses_the_job_or_pays_it_twice_third() {
    pairs_from(3);
}
