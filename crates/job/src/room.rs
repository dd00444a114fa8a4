//! How many jobs may wait in the ledger. The others wait in the broker.

/// Jobs that wait for slots of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingCount {
    pub of_pool: u32,
    /// Of them, those of one tenant.
    pub of_tenant: u32,
}

/// How many jobs of a pool may wait in the ledger; 0 = any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomBounds {
    pub pool: u32,
    pub tenant: u32,
}

impl RoomBounds {
    /// Wide enough for the room to fill free slots until more jobs come from the broker.
    #[must_use]
    pub fn at_least(self, slots: u32) -> Self {
        let wide = |bound: u32| match bound {
            0 => 0,
            bound => bound.max(slots.saturating_mul(2)),
        };
        Self { pool: wide(self.pool), tenant: wide(self.tenant) }
    }

    /// No tenant may have more waiting jobs than there are places left. So tenants with very many
    /// jobs leave places for others, and the pool's bound holds.
    fn most(&self, waiting: WaitingCount) -> u32 {
        let tenant = if self.tenant == 0 { u32::MAX } else { self.tenant };
        match self.pool {
            0 => tenant,
            pool => tenant.min(pool.saturating_sub(waiting.of_pool)),
        }
    }

    /// Whether a job that comes from its lane may wait in the ledger. The last tenth of the places is
    /// for older jobs of its tenant, which wait in an overflow queue.
    pub fn admits_new(&self, waiting: WaitingCount) -> bool {
        let most = self.most(waiting);
        waiting.of_tenant < most - most / 10
    }

    /// Whether a job that comes from an overflow queue may.
    pub fn admits_overflow(&self, waiting: WaitingCount) -> bool {
        waiting.of_tenant < self.most(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: RoomBounds = RoomBounds { pool: 100, tenant: 20 };

    fn waiting(of_pool: u32, of_tenant: u32) -> WaitingCount {
        WaitingCount { of_pool, of_tenant }
    }

    /// Admits jobs of this tenant until no more may wait.
    fn fill(bounds: RoomBounds, others: u32) -> u32 {
        let mut mine = 0;
        while bounds.admits_overflow(waiting(others + mine, mine)) {
            mine += 1;
        }
        mine
    }

    #[test]
    fn the_last_tenth_is_for_jobs_that_waited_in_the_broker() {
        assert!(BOUNDS.admits_new(waiting(17, 17)));
        assert!(!BOUNDS.admits_new(waiting(18, 18)));
        assert!(BOUNDS.admits_overflow(waiting(19, 19)));
        assert!(!BOUNDS.admits_overflow(waiting(20, 20)));
    }

    #[test]
    fn a_bound_of_one_admits_a_new_job() {
        let one = RoomBounds { pool: 100, tenant: 1 };
        assert!(one.admits_new(waiting(0, 0)));
        assert!(!one.admits_new(waiting(1, 1)));
    }

    #[test]
    fn tenants_with_many_jobs_leave_places_for_others() {
        let wide = RoomBounds { pool: 100, tenant: 0 };
        let (mut all, mut last) = (0, u32::MAX);
        for tenant in 1..=6 {
            let mine = fill(wide, all);
            assert!(mine > 0, "the {tenant}th finds a place");
            assert!(mine <= last);
            (all, last) = (all + mine, mine);
        }
        assert!(all < 100);
    }

    #[test]
    fn the_bound_of_the_pool_holds_for_invented_tenants() {
        let admitted = (0..1_000).filter(|n| BOUNDS.admits_new(waiting(*n, 0))).count();
        assert_eq!(admitted, 100);
    }

    #[test]
    fn without_bounds_every_job_may_wait() {
        let none = RoomBounds::default();
        assert!(none.admits_new(waiting(1_000_000, 1_000_000)));
        assert_eq!(none.at_least(500), none);
    }

    #[test]
    fn the_room_is_wider_than_what_runs() {
        assert_eq!(BOUNDS.at_least(30), RoomBounds { pool: 100, tenant: 60 });
        assert_eq!(BOUNDS.at_least(5), BOUNDS);
    }
}
