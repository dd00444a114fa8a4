use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use ports::LedgerError;
use redis::aio::MultiplexedConnection;
use redis::{ConnectionInfo, RedisConnectionInfo, RedisError};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};

use super::{at, worst};
use crate::dial::{Dialler, of_server};
use crate::error::{is_unknown_command, ledger_error};

/// After the first answer: a sentinel that was cut off may know only an earlier master.
const PATIENCE: Duration = Duration::from_millis(200);

/// The sentinels that watch a master.
pub(crate) struct Sentinels {
    all: Vec<Sentinel>,
    name: String,
    /// How to connect to the master; its host is replaced.
    node: ConnectionInfo,
}

struct Sentinel {
    info: ConnectionInfo,
    dialler: Dialler,
    /// Taken while a question is under way, and lost with one that is given up.
    idle: Mutex<Option<MultiplexedConnection>>,
}

/// A master as one sentinel knows it.
#[derive(Debug, PartialEq)]
struct Master {
    server: (String, u16),
    /// Raised with each failover.
    epoch: u64,
}

impl Sentinels {
    pub(super) fn new(
        all: Vec<(String, u16)>,
        name: String,
        node: ConnectionInfo,
        password: Option<&SecretString>,
        dialler: Dialler,
    ) -> Self {
        let login = login(password);
        let sentinel = |server| Sentinel {
            info: at(&node, server).set_redis_settings(login.clone()),
            dialler: dialler.clone(),
            idle: Mutex::new(None),
        };
        Self { all: all.iter().map(sentinel).collect(), name, node }
    }

    /// Asks all: the answer with the newest epoch counts.
    pub(super) async fn find(&self, timeout: Duration) -> Result<ConnectionInfo, LedgerError> {
        let asked = self.all.iter().map(|sentinel| sentinel.ask(&self.name, timeout));
        let mut asked: FuturesUnordered<_> = asked.collect();
        let (mut found, mut errors) = (None::<Master>, Vec::new());
        let mut end = Instant::now() + timeout;
        while let Ok(Some(answer)) = timeout_at(end, asked.next()).await {
            match answer {
                Ok(master) => {
                    end = end.min(Instant::now() + PATIENCE);
                    if found.as_ref().is_none_or(|before| before.epoch < master.epoch) {
                        found = Some(master);
                    }
                }
                Err(error) => errors.push(error),
            }
        }
        match found {
            Some(master) => Ok(at(&self.node, &master.server)),
            None => Err(worst(errors, "no sentinel answers")),
        }
    }
}

impl Sentinel {
    async fn ask(&self, name: &str, timeout: Duration) -> Result<Master, LedgerError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.dialler.dial(&self.info, timeout).await?,
        };
        let mut command = redis::cmd("SENTINEL");
        let answer = command.arg("MASTERS").query_async(&mut connection).await;
        let masters = answer.map_err(|error| of_server(&self.info, explained(&error)))?;
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        master_in(masters, name).map_err(|error| of_server(&self.info, error))
    }
}

fn login(password: Option<&SecretString>) -> RedisConnectionInfo {
    let login = RedisConnectionInfo::default();
    match password {
        Some(password) => login.set_password(password.expose_secret()),
        None => login,
    }
}

fn explained(error: &RedisError) -> LedgerError {
    if is_unknown_command(error) {
        let text = "this server is no sentinel: for one Redis server, begin the ledger's URL with \
                    redis:// (TLS: rediss://)";
        return LedgerError::Denied(text.to_owned());
    }
    match ledger_error(error) {
        LedgerError::Denied(text) if text.starts_with("NOAUTH") => {
            LedgerError::Denied("this sentinel needs ledger.sentinel_password".to_owned())
        }
        other => other,
    }
}

fn master_in(masters: Vec<HashMap<String, String>>, name: &str) -> Result<Master, LedgerError> {
    let of = |master: &HashMap<String, String>, field: &str| master.get(field).cloned();
    let known: Vec<String> = masters.iter().filter_map(|master| of(master, "name")).collect();
    let named = masters.into_iter().find(|master| of(master, "name").as_deref() == Some(name));
    let Some(master) = named else {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let text = format!("this sentinel watches no master \"{name}\" (it watches: {known})");
        return Err(LedgerError::Denied(text));
    };
    let read = || -> Option<Master> {
        Some(Master {
            server: (of(&master, "ip")?, of(&master, "port")?.parse().ok()?),
            epoch: of(&master, "config-epoch")?.parse().ok()?,
        })
    };
    let text = "this sentinel does not say where the master is";
    read().ok_or_else(|| LedgerError::Unavailable(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masters(names: &[&str]) -> Vec<HashMap<String, String>> {
        let master = |name: &&str| {
            let fields = [("name", *name), ("ip", "h"), ("port", "7"), ("config-epoch", "3")];
            fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
        };
        names.iter().map(master).collect()
    }

    #[test]
    fn the_named_master_is_taken_and_a_missing_one_is_an_operators_matter() {
        let found = master_in(masters(&["other", "mine"]), "mine").unwrap();
        assert_eq!(found, Master { server: ("h".to_owned(), 7), epoch: 3 });
        match master_in(masters(&["a", "b"]), "mine") {
            Err(LedgerError::Denied(text)) => assert!(text.contains("a, b"), "{text}"),
            other => panic!("{other:?}"),
        }
        let broken = master_in(vec![[("name".to_owned(), "mine".to_owned())].into()], "mine");
        assert!(matches!(broken, Err(LedgerError::Unavailable(_))));
    }
}
