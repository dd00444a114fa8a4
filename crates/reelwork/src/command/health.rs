use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use daemon::admin::ask;
use daemon::{Config, ExitCode};

use crate::error::Error;
use crate::output::{Output, Words};

/// Queries the admin port of a role on this host; for health checks in an image without a shell.
pub(crate) async fn run(config: &Config, ready: bool, output: &Output) -> Result<ExitCode, Error> {
    let listen = config.admin.listen.ok_or_else(|| {
        Error::Denied("admin.listen is not set: set REELWORK_ADMIN__LISTEN for the role too".into())
    })?;
    let path = if ready { "/readyz?verbose" } else { "/livez" };
    let unreachable = |error| Error::Unavailable(format!("admin port {listen}: {error}"));
    let (status, text) = ask(reachable(listen), path).await.map_err(unreachable)?;
    let well = status == 200;
    output.result(&serde_json::json!({"ok": well, "told": text}), || Words::of_lines(&text));
    Ok(if well { ExitCode::Ok } else { ExitCode::Failure })
}

/// A role that listens on every address is reached on the loopback address.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
