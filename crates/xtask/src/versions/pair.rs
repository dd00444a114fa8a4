use std::path::Path;

use servers::Programs;

use super::redis::Redis;
use super::root::Root;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// A version of RabbitMQ with one of Redis or Valkey.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    rabbitmq: Root,
    redis: Redis,
}

/// Each version is in one pair at least. Debian's releases and the names of the pairs agree in
/// major and minor version; sid moves on, so the report says what really ran.
const PAIRS: [Pair; 5] = [
    Pair { name: "rabbitmq-3.10+redis-7.0", rabbitmq: OLD, redis: Redis::Debian(OLD) },
    Pair { name: "rabbitmq-4.0+redis-7.4", rabbitmq: STABLE, redis: Redis::STACK },
    Pair { name: "rabbitmq-4.0+valkey-8.1", rabbitmq: STABLE, redis: Redis::VALKEY_8 },
    Pair { name: "rabbitmq-4.3+redis-8.2", rabbitmq: UNSTABLE, redis: Redis::REDIS_8 },
    Pair { name: "rabbitmq-4.3+valkey-9.1", rabbitmq: UNSTABLE, redis: Redis::VALKEY_9 },
];

const OLD: Root = Root { release: "bookworm" };
const STABLE: Root = Root { release: "trixie" };
const UNSTABLE: Root = Root { release: "sid" };

impl Pair {
    /// Those whose names contain this; `all` means all of them.
    pub(crate) fn named(name: &str) -> Result<Vec<&'static Self>, Failure> {
        let is_meant = |pair: &&Self| name == "all" || pair.name.contains(name);
        let found: Vec<_> = PAIRS.iter().filter(is_meant).collect();
        if found.is_empty() || name.is_empty() {
            let names: Vec<&str> = PAIRS.iter().map(|pair| pair.name).collect();
            let known = names.join(", ");
            return Err(Failure::Stuck(format!("no servers {name:?}; there are all, {known}")));
        }
        Ok(found)
    }

    /// `false`: this Redis was built without it.
    pub(crate) fn redis_has_tls(&self) -> bool {
        self.redis.has_tls()
    }

    /// Fetches them, unless an earlier run did.
    pub(crate) fn programs(&self, workspace: &Workspace) -> Result<Programs, Failure> {
        let directory = workspace.cache().join("servers");
        let fetched = |directory: &Path| {
            let rabbitmq = self.rabbitmq.programs(directory)?.join("rabbitmq-server");
            Ok(Programs { rabbitmq, redis: self.redis.program(directory)? })
        };
        fetched(&directory).map_err(|why: String| Failure::stuck(self.name, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_selects_pairs() {
        let names = |name: &str| {
            let found = Pair::named(name).expect(name);
            found.iter().map(|pair| pair.name).collect::<Vec<_>>()
        };
        assert_eq!(names("valkey-9.1"), ["rabbitmq-4.3+valkey-9.1"]);
        assert_eq!(names("rabbitmq-4.0"), ["rabbitmq-4.0+redis-7.4", "rabbitmq-4.0+valkey-8.1"]);
        assert_eq!(names("all").len(), PAIRS.len());
        for name in ["", "redis-5"] {
            let Err(Failure::Stuck(why)) = Pair::named(name) else { panic!("{name:?}") };
            assert!(why.contains("rabbitmq-4.3+valkey-9.1"), "{why}");
        }
    }
}
