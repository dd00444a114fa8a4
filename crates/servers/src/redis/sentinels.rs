use std::io;
use std::time::Duration;

use super::reply::Reply;
use super::server::{Role, Server};
use crate::{Programs, patiently};

const PATIENCE: Duration = Duration::from_secs(60);
const COUNT: usize = 3;

/// A master with one replica, and three Sentinels that watch it.
///
/// A master that does not answer for a second is replaced by its replica.
#[derive(Debug)]
pub struct Sentinels {
    /// The master at the start, then its replica.
    pub servers: Vec<Server>,
    pub sentinels: Vec<Server>,
}

/// The name of the master.
pub const MASTER: &str = "main";

impl Sentinels {
    /// Waits until the Sentinels know each other and the replica.
    pub async fn start(programs: &Programs, settings: &[&str]) -> io::Result<Self> {
        Self::start_with_password(programs, settings, "").await
    }

    /// The password is that of the Sentinels; the servers have none.
    pub async fn start_with_password(
        programs: &Programs,
        settings: &[&str],
        password: &str,
    ) -> io::Result<Self> {
        let master = Server::of(programs, settings).await?;
        let follows = format!("replicaof 127.0.0.1 {}", master.port());
        let replica = Server::of(programs, &[&[follows.as_str()], settings].concat()).await?;
        let lines = lines(master.port(), password);
        let mut all = Self { servers: vec![master, replica], sentinels: Vec::new() };
        for _ in 0..COUNT {
            all.sentinels.push(Server::sentinel(programs, &lines, password).await?);
        }
        patiently("the Sentinels know each other", PATIENCE, async || all.are_complete()).await?;
        Ok(all)
    }

    fn are_complete(&self) -> bool {
        self.servers[1].role() == Some(Role::Replica { connected: true })
            && self.sentinels.iter().all(knows_all)
    }

    /// Waits until one server is the master that the Sentinels name, and the other its replica with
    /// a connection to it.
    pub async fn is_healthy(&self) -> io::Result<()> {
        patiently("a master has its replica", PATIENCE, async || {
            let master = self.master_port().ok();
            let mut roles = self.servers.iter().map(|server| (server, server.role()));
            roles.all(|(server, role)| match Some(server.port()) == master {
                true => role == Some(Role::Master),
                false => role == Some(Role::Replica { connected: true }),
            })
        })
        .await
    }

    /// The port of the present master, as the first Sentinel says.
    pub fn master_port(&self) -> io::Result<u16> {
        let command = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER];
        let answer = self.sentinels[0].ask(&command)?;
        let Reply::List(place) = answer else { return Err(io::ErrorKind::NotFound.into()) };
        let port = place.get(1).and_then(|port| port.text().parse().ok());
        port.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// One URL with the addresses of all Sentinels.
    pub fn url(&self) -> String {
        let places = self.sentinels.iter().map(|sentinel| sentinel.address().to_string());
        let places: Vec<String> = places.collect();
        format!("redis+sentinel://{}/{MASTER}", places.join(","))
    }
}

fn lines(master: u16, password: &str) -> String {
    let mut lines = format!(
        "sentinel monitor {MASTER} 127.0.0.1 {master} 2\n\
         sentinel down-after-milliseconds {MASTER} 1000\n\
         sentinel failover-timeout {MASTER} 3000\n"
    );
    if !password.is_empty() {
        lines += &format!("requirepass {password}\nsentinel sentinel-pass {password}\n");
    }
    lines
}

/// The answer lists names and values in turn.
fn knows_all(sentinel: &Server) -> bool {
    let Ok(Reply::List(fields)) = sentinel.ask(&["SENTINEL", "MASTER", MASTER]) else {
        return false;
    };
    let value = |name: &str| {
        let at = fields.iter().position(|field| field.text() == name)?;
        fields.get(at + 1).map(Reply::text)
    };
    value("num-slaves") == Some("1") && value("num-other-sentinels") == Some("2")
}
