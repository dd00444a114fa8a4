//! The names of waiting jobs in a room.

use job::{Priority, Timestamp};
use ports::{Permit, Waiter};

use crate::codec;

/// In lines, as `scripts/room.lua` reads it. No tenant or job id contains a line break.
pub(crate) fn of(waiter: &Waiter) -> String {
    let Waiter { permit, priority, since, cost } = waiter;
    let holder = codec::holder(&permit.key, permit.round);
    let (tenant, priority, since) =
        (permit.key.tenant.as_str(), *priority as u8, since.as_millis().max(0));
    let (weight, revision) = (permit.weight, permit.revision);
    format!("{tenant}\n{priority}\n{since:015}\n{holder}\n{weight}\n{cost}\n{revision}")
}

pub(crate) fn read(pool: &str, name: &str) -> Option<Waiter> {
    let mut lines = name.split('\n').skip(1);
    let priority = *Priority::ALL.get(lines.next()?.parse::<usize>().ok()?)?;
    let since = Timestamp::from_millis(lines.next()?.parse().ok()?);
    let (key, round) = codec::parse_holder(lines.next()?)?;
    let (weight, cost) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
    let revision = lines.next()?.parse().ok()?;
    let permit = Permit { pool: pool.to_owned(), key, round, weight, revision };
    Some(Waiter { permit, priority, since, cost })
}

#[cfg(test)]
mod tests {
    use job::{JobId, JobKey, Tenant};

    use super::*;

    #[test]
    fn a_waiter_reads_back_from_its_name() {
        let key = JobKey::new(Tenant::new("acme").unwrap(), JobId::new("a/b#7").unwrap());
        let permit = Permit { pool: "p".to_owned(), key, round: 2, weight: 9, revision: 17 };
        let since = Timestamp::from_millis(1_700_000_000_000);
        let waiter = Waiter { permit, priority: Priority::Low, since, cost: 540_000 };
        assert_eq!(of(&waiter), "acme\n2\n001700000000000\nacme/a/b#7#2\n9\n540000\n17");
        assert_eq!(read("p", &of(&waiter)), Some(waiter));
        for odd in
            ["", "a\n3\n1\na/b#1\n1\n1\n1", "a\n0\n1\na/b#1\n1\n1", "a\n0\nx\na/b#1\n1\n1\n1"]
        {
            assert_eq!(read("p", odd), None, "{odd:?}");
        }
    }
}
