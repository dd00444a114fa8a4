//! Slots of an account, between the fewest and the most.

use super::breach::Breach;
use crate::config::{Config, Limits};
use crate::kind::SlotCount;

const FLOOR: &str = "limits.floor";
const CEILING: &str = "limits.ceiling";
const OF_FIRST: [&str; 3] = ["limits.videos", "limits.images", "limits.audio"];
const OF_OTHERS: [&str; 3] = ["accounts.videos", "accounts.images", "accounts.audio"];

pub(super) const KEYS: &[&str] = &[
    FLOOR,
    CEILING,
    OF_FIRST[0],
    OF_FIRST[1],
    OF_FIRST[2],
    OF_OTHERS[0],
    OF_OTHERS[1],
    OF_OTHERS[2],
];

/// At most one for `kling.account`, and one for each number of another account.
pub(super) fn breaches(config: &Config) -> Vec<Breach> {
    let limits = &config.limits;
    let own = OF_FIRST.into_iter().zip([limits.videos, limits.images, limits.audio]);
    let first = own.filter_map(|(key, slots)| lower(limits, key, slots)).next();
    let lists = &config.accounts;
    let others = OF_OTHERS.into_iter().zip([&lists.videos, &lists.images, &lists.audio]);
    let of_others = others.flat_map(|(key, numbers)| {
        let of = move |(name, slots): (&String, &SlotCount)| {
            lower(limits, key, *slots).map(|lower| format!("{lower} for {name}"))
        };
        numbers.iter().filter_map(of)
    });
    first.into_iter().chain(of_others).map(|lower| breach(limits, &lower)).collect()
}

/// What is lower than the fewest slots.
fn lower(limits: &Limits, key: &str, slots: SlotCount) -> Option<String> {
    let (name, most) = match slots {
        SlotCount::Number(0) => return None,
        SlotCount::Number(number) => (key, number),
        SlotCount::Auto => (CEILING, limits.ceiling),
    };
    (limits.floor > most).then(|| format!("{name} is {most}"))
}

fn breach(limits: &Limits, lower: &str) -> Breach {
    Breach {
        key: FLOOR,
        message: format!("is {} while {lower}", limits.floor),
        hint: "the fewest slots are not more than the most",
    }
}
