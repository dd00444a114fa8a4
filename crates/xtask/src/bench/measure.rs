//! Time, and the processor time of each part, from `/proc` and from Redis.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::Failed;

/// The time and processor time of one side.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) jobs: usize,
    pub(crate) took: Duration,
    /// Processor time by part: "program", and "provider", "broker" and "ledger" if they are found.
    pub(crate) cpu: BTreeMap<&'static str, Duration>,
    /// Deliveries of events beyond the first of each.
    pub(crate) repeats: usize,
}

/// Measures from its creation to [`stop`](Self::stop).
pub(crate) struct Meter {
    began: Instant,
    parts: Vec<Part>,
    before: BTreeMap<&'static str, Duration>,
}

/// A part whose processor time is counted.
enum Part {
    Process(&'static str, u32),
    /// Read with `INFO`.
    Redis(redis::aio::MultiplexedConnection),
}

impl Meter {
    pub(crate) async fn start(load: &crate::Load, provider: Option<u32>) -> Result<Self, Failed> {
        let mut parts = vec![Part::Process("program", std::process::id())];
        parts.extend(provider.map(|id| Part::Process("provider", id)));
        parts.extend(listener(&load.amqp).map(|id| Part::Process("broker", id)));
        let client = redis::Client::open(load.redis.as_str())?;
        parts.push(Part::Redis(client.get_multiplexed_async_connection().await?));
        let before = used(&mut parts).await;
        Ok(Self { began: Instant::now(), parts, before })
    }

    pub(crate) async fn stop(mut self, jobs: usize, repeats: usize) -> Measured {
        let took = self.began.elapsed();
        let after = used(&mut self.parts).await;
        let spent = |(part, after): (&'static str, Duration)| {
            let before = self.before.get(part)?;
            Some((part, after.saturating_sub(*before)))
        };
        let cpu = after.into_iter().filter_map(spent).collect();
        Measured { jobs, took, cpu, repeats }
    }
}

async fn used(parts: &mut [Part]) -> BTreeMap<&'static str, Duration> {
    let mut used = BTreeMap::new();
    for part in parts {
        match part {
            Part::Process(name, id) => used.extend(process(*id).map(|time| (*name, time))),
            Part::Redis(redis) => used.extend(ledger(redis).await.map(|time| ("ledger", time))),
        }
    }
    used
}

async fn ledger(redis: &mut redis::aio::MultiplexedConnection) -> Option<Duration> {
    let info: String = redis::cmd("INFO").arg("cpu").query_async(redis).await.ok()?;
    let seconds = info.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let counts = matches!(name, "used_cpu_sys" | "used_cpu_user");
        counts.then(|| value.trim().parse::<f64>().ok()).flatten()
    });
    Some(Duration::from_secs_f64(seconds.sum()))
}

/// User and system time of a process; Linux shows them in 100 ticks per second.
fn process(id: u32) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    ticks(&text).map(|ticks| Duration::from_millis(ticks * 10))
}

/// Fields 14 and 15; the second field is a name in parentheses that may contain anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// The process on this machine that listens on the URL's port.
fn listener(url: &str) -> Option<u32> {
    let authority = url.split('/').nth(2)?;
    let port: u16 = match authority.rsplit('@').next()?.rsplit_once(':') {
        Some((_, port)) => port.parse().ok()?,
        None => 5672,
    };
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().find_map(|table| {
        let table = fs::read_to_string(table).ok()?;
        listening(&table, port)
    })?;
    let socket = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.find(|id| holds(*id, &socket))
}

/// The inode of the socket in state LISTEN (0A) on a port.
fn listening(table: &str, port: u16) -> Option<String> {
    let port = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let listens = fields.get(1)?.ends_with(&port) && *fields.get(3)? == "0A";
        listens.then(|| fields.get(9).map(|inode| (*inode).to_owned())).flatten()
    })
}

fn holds(id: u32, socket: &str) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{id}/fd")) else { return false };
    let mut links = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
    links.any(|link| link.as_os_str() == socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_whatever_the_name_is() {
        let stat = "42 (a b) c) S 1 42 42 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 1 0 7";
        assert_eq!(ticks(stat), Some(300));
        assert!(process(std::process::id()).is_some());
    }

    #[test]
    fn the_process_behind_a_port_is_found() {
        let listener_here = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener_here.local_addr().unwrap().port();
        let url = format!("amqp://guest:guest@127.0.0.1:{port}/%2f");
        assert_eq!(listener(&url), Some(std::process::id()));
        drop(listener_here);
        assert_eq!(listener(&url), None);
    }
}
