use std::io;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::reply::{Reply, ask};
use super::server::{Role, Server};
use crate::port::free_ports;
use crate::process::Group;
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
    ports: [u16; COUNT],
    _sentinels: Vec<(Group, TempDir)>,
}

/// The name of the master.
pub const MASTER: &str = "main";

impl Sentinels {
    /// Waits until the Sentinels know each other and the replica.
    pub async fn start(programs: &Programs, settings: &[&str]) -> io::Result<Self> {
        let master = Server::of(programs, settings).await?;
        let follows = format!("replicaof 127.0.0.1 {}", master.port());
        let replica = Server::of(programs, &[&[follows.as_str()], settings].concat()).await?;
        let ports = free_ports();
        let watching = ports.iter().map(|port| watch(programs, *port, master.port()));
        let sentinels = watching.collect::<io::Result<_>>()?;
        let all = Self { servers: vec![master, replica], ports, _sentinels: sentinels };
        patiently("the Sentinels know each other", PATIENCE, async || all.are_complete()).await?;
        Ok(all)
    }

    fn are_complete(&self) -> bool {
        self.servers[1].role() == Some(Role::Replica { connected: true })
            && self.ports.iter().all(|port| knows_all(*port))
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
        let answer = ask(([127, 0, 0, 1], self.ports[0]).into(), &command)?;
        let Reply::List(place) = answer else { return Err(io::ErrorKind::NotFound.into()) };
        let port = place.get(1).and_then(|port| port.text().parse().ok());
        port.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// One URL with the addresses of all Sentinels.
    pub fn url(&self) -> String {
        let places = self.ports.map(|port| format!("127.0.0.1:{port}"));
        format!("redis+sentinel://{}/{MASTER}", places.join(","))
    }
}

fn watch(programs: &Programs, port: u16, master: u16) -> io::Result<(Group, TempDir)> {
    let directory = tempfile::Builder::new().prefix("reelwork-test-").tempdir()?;
    let file = directory.path().join("sentinel.conf");
    std::fs::write(
        &file,
        format!(
            "bind 127.0.0.1\nport {port}\ndir {}\nsentinel monitor {MASTER} 127.0.0.1 {master} 2\n\
             sentinel down-after-milliseconds {MASTER} 1000\nsentinel failover-timeout {MASTER} 3000\n",
            directory.path().display()
        ),
    )?;
    let mut command = Command::new(&programs.redis);
    command.arg(file).arg("--sentinel");
    Ok((Group::start(command, directory.path())?, directory))
}

/// The answer lists names and values in turn.
fn knows_all(port: u16) -> bool {
    let Ok(Reply::List(fields)) =
        ask(([127, 0, 0, 1], port).into(), &["SENTINEL", "MASTER", MASTER])
    else {
        return false;
    };
    let value = |name: &str| {
        let at = fields.iter().position(|field| field.text() == name)?;
        fields.get(at + 1).map(Reply::text)
    };
    value("num-slaves") == Some("1") && value("num-other-sentinels") == Some("2")
}
