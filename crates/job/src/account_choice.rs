//! Which of several accounts a job is submitted with.

use std::cmp::Ordering;

/// What is known about an account, in the pool of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLoad<'a> {
    pub name: &'a str,
    /// It is not paused.
    pub is_open: bool,
    /// Slots in use.
    pub used: u32,
    /// Slots that may be used; 0 = no limit.
    pub slots: u32,
    /// Jobs that wait for slots.
    pub waiting: u32,
}

impl AccountLoad<'_> {
    /// Open accounts first, and of these the ones that a job need not wait for.
    fn rank(&self) -> (bool, bool) {
        let is_free = self.slots == 0 || self.used < self.slots;
        (!self.is_open, !is_free || self.waiting > 0)
    }

    /// What stands before one more job.
    fn ahead(&self) -> u64 {
        u64::from(self.used) + u64::from(self.waiting)
    }

    /// By the part of its slots that is in use and waited for: while nobody waits, that with the
    /// larger free part is first, and later that with the shortest wait.
    fn by_wait(&self, other: &Self) -> Ordering {
        match (self.slots, other.slots) {
            (0, 0) => self.ahead().cmp(&other.ahead()),
            (0, _) => Ordering::Less,
            (_, 0) => Ordering::Greater,
            (own, others) => {
                let own_share = self.ahead() as u128 * u128::from(others);
                own_share.cmp(&(other.ahead() as u128 * u128::from(own)))
            }
        }
    }
}

/// The candidates, best first. Of equal ones the first stays first.
pub fn by_free_capacity<'a>(loads: &[AccountLoad<'a>]) -> Vec<&'a str> {
    let mut sorted = loads.to_vec();
    sorted.sort_by(|one, other| one.rank().cmp(&other.rank()).then(one.by_wait(other)));
    sorted.iter().map(|load| load.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, open, used, slots, waiting.
    type Row = (&'static str, bool, u32, u32, u32);

    fn ordered(rows: &[Row]) -> String {
        let load = |&(name, is_open, used, slots, waiting): &Row| AccountLoad {
            name,
            is_open,
            used,
            slots,
            waiting,
        };
        by_free_capacity(&rows.iter().map(load).collect::<Vec<_>>()).join("")
    }

    #[test]
    fn the_account_that_serves_a_job_soonest_is_first() {
        let table: [(&str, &[Row], &str); 9] = [
            ("equal ones keep their order", &[("b", true, 1, 4, 0), ("a", true, 1, 4, 0)], "ba"),
            ("equal parts are equal", &[("b", true, 2, 8, 0), ("a", true, 1, 4, 0)], "ba"),
            ("the larger free part", &[("a", true, 3, 4, 0), ("b", true, 5, 20, 0)], "ba"),
            ("open before paused", &[("a", false, 0, 4, 0), ("b", true, 4, 4, 9)], "ba"),
            ("free before full", &[("a", true, 4, 4, 0), ("b", true, 19, 20, 0)], "ba"),
            ("others wait there", &[("a", true, 0, 9, 1), ("b", true, 8, 9, 0)], "ba"),
            ("the shorter wait", &[("a", true, 4, 4, 4), ("b", true, 20, 20, 5)], "ba"),
            ("no limit", &[("a", true, 0, 4, 0), ("b", true, 50, 0, 0)], "ba"),
            ("of two without", &[("a", true, 7, 0, 0), ("b", true, 6, 0, 0)], "ba"),
        ];
        for (what, rows, expected) in table {
            assert_eq!(ordered(rows), expected, "{what}");
        }
    }

    #[test]
    fn paused_ones_are_ordered_too_and_more_in_use_than_allowed_is_full() {
        let rows = [
            ("a", false, 4, 4, 3),
            ("b", false, 0, 4, 0),
            ("c", true, 9, 4, 0),
            ("d", true, u32::MAX, 1, u32::MAX),
            ("e", true, 3, 4, 0),
        ];
        assert_eq!(ordered(&rows), "ecdba");
        assert!(by_free_capacity(&[]).is_empty());
    }
}
