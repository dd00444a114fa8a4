use std::collections::HashMap;

use ports::LedgerError;
use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, RedisResult, ServerErrorKind};

use crate::error::CommandError;

/// The first version with `ZADD .. LT`.
const OLDEST: (u32, u32) = (6, 2);

const REPLICA: &str = "READONLY this server is a replica";

/// What `INFO` reports; empty if the server does not permit it.
#[derive(Debug, Default)]
pub(crate) struct ServerFacts {
    lines: HashMap<String, String>,
}

impl ServerFacts {
    pub(crate) async fn ask(connection: &mut MultiplexedConnection) -> Result<Self, CommandError> {
        Self::from_answer(redis::cmd("INFO").query_async(connection).await)
            .map_err(|error| CommandError::of(&error))
    }

    /// Refuses servers that cannot hold a ledger now, or ever.
    pub(crate) fn is_master(&self) -> Result<(), CommandError> {
        // Valkey calls it server_mode.
        if [self.get("redis_mode"), self.get("server_mode")].contains(&"sentinel") {
            let text = "this server is a sentinel: write \
                        redis+sentinel://HOST:26379/MASTER-NAME as the ledger's URL";
            return Err(CommandError::Final(LedgerError::Denied(text.to_owned())));
        }
        match self.get("role") {
            "slave" => Err(CommandError::Deposed(REPLICA.to_owned())),
            _ => Ok(()),
        }
    }

    fn from_answer(answer: RedisResult<String>) -> RedisResult<Self> {
        match answer {
            Ok(text) => Ok(Self::read(&text)),
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) => {
                tracing::debug!("the Redis user may not ask for INFO");
                Ok(Self::default())
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.trim().split_once(':'));
        Self { lines: lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() }
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.lines.get(name).map_or("", String::as_str)
    }

    pub(crate) fn is_told(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Whether it writes an append-only file.
    pub(crate) fn appends(&self) -> bool {
        self.get("aof_enabled") == "1"
    }

    /// Different for every server process; empty if it is not reported.
    pub(crate) fn run_id(&self) -> &str {
        self.get("run_id")
    }

    fn version(&self) -> Option<(u32, u32)> {
        let mut parts = self.get("redis_version").split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    /// Refuses a server that is a replica, is too old, or may lose data.
    pub(crate) fn verdict(&self, allow_unsafe: bool) -> Result<(), LedgerError> {
        if self.get("role") == "slave" {
            return Err(LedgerError::Unavailable(REPLICA.to_owned()));
        }
        if self.version().is_some_and(|version| version < OLDEST) {
            let found = self.get("redis_version");
            return Err(LedgerError::Unsafe(format!(
                "Redis {found} is older than {}.{}",
                OLDEST.0, OLDEST.1
            )));
        }
        match self.danger() {
            Some(danger) if !allow_unsafe => Err(LedgerError::Unsafe(danger)),
            _ => Ok(()),
        }
    }

    fn danger(&self) -> Option<String> {
        if self.lines.is_empty() {
            return Some("its user may not ask for INFO, which tells of restarts".to_owned());
        }
        let bounded = !matches!(self.get("maxmemory"), "" | "0");
        let policy = self.get("maxmemory_policy");
        (bounded && policy != "noeviction").then(|| {
            format!("maxmemory-policy is {policy}, which drops records: set it to noeviction")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(info: &str, allow_unsafe: bool) -> Result<(), LedgerError> {
        ServerFacts::read(info).verdict(allow_unsafe)
    }

    #[test]
    fn only_a_bounded_memory_with_another_policy_is_unsafe() {
        let lru = "redis_version:7.0.15\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n";
        assert!(matches!(verdict(lru, false), Err(LedgerError::Unsafe(_))));
        assert_eq!(verdict(lru, true), Ok(()));
        let unbounded = "redis_version:7.0.15\nmaxmemory:0\nmaxmemory_policy:allkeys-lru";
        assert_eq!(verdict(unbounded, false), Ok(()));
        let kept = "redis_version:7.0.15\nmaxmemory:1000\nmaxmemory_policy:noeviction";
        assert_eq!(verdict(kept, false), Ok(()));
    }

    #[test]
    fn an_old_server_is_unsafe_and_a_replica_is_unavailable_whatever_is_allowed() {
        let old = verdict("redis_version:6.0.16\nmaxmemory:0", true);
        assert!(matches!(old, Err(LedgerError::Unsafe(_))), "{old:?}");
        let replica = verdict("redis_version:7.2.0\nrole:slave", true);
        assert!(matches!(replica, Err(LedgerError::Unavailable(_))));
        assert_eq!(verdict("redis_version:10.0.0\nrole:master", false), Ok(()));
    }

    #[test]
    fn a_server_without_info_is_unsafe_unless_allowed() {
        assert!(matches!(verdict("", false), Err(LedgerError::Unsafe(_))));
        assert_eq!(verdict("", true), Ok(()));
    }
}
