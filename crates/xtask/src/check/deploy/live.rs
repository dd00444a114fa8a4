//! The page of a role at work, and the dashboard drawn from it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::tools::heard;
use super::{Place, Verdict};
use crate::services::free_ports;
use crate::workspace::Workspace;

/// A panel needs two scrapes of something that has happened meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(500);

const SCRAPING: &str = "\
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: reelwork
    static_configs: [{ targets: [\"127.0.0.1:ADMIN\"] }]
";

pub(super) fn page_and_dashboard(place: &Place<'_>) -> Verdict {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let scratch = scratch.path();
    let [admin, prometheus] = free_ports().map_err(|error| error.to_string())?;
    let program = Program::built(scratch, admin)?;
    let _role = Running::start(program.command(&["up", "--simulate"]), &scratch.join("role.err"))?;
    until("the role is ready", || page(admin, "/readyz"))?;
    let server = scraping(place, scratch, admin, prometheus)?;
    let _server = Running::start(server, &scratch.join("prometheus.err"))?;
    until("Prometheus is ready", || page(prometheus, "/-/ready"))?;
    for _ in 0..2 {
        program.jobs(scratch)?;
    }
    well_formed(place, scratch, &page(admin, "/metrics")?)?;
    until("every panel has data", || drawn(place, scratch, prometheus))
}

/// As the tests build it: built once for all.
pub(super) fn built() -> Result<PathBuf, String> {
    let workspace = Workspace::here().map_err(|_| "no workspace".to_owned())?;
    let path = workspace.build("reelwork", &["--package", "reelwork", "--all-features"]);
    path.map_err(|_| "reelwork could not be built".to_owned())
}

/// Everything in one process, on one file, against a simulated provider.
struct Program {
    path: PathBuf,
    variables: [(&'static str, String); 2],
}

impl Program {
    fn built(scratch: &Path, admin: u16) -> Result<Self, String> {
        let file = scratch.join("live.db").display().to_string();
        Ok(Self {
            path: built()?,
            variables: [
                ("REELWORK_EMBEDDED__PATH", file),
                ("REELWORK_ADMIN__LISTEN", format!("127.0.0.1:{admin}")),
            ],
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("REELWORK_")) {
            command.env_remove(name);
        }
        command.args(arguments).envs(self.variables.clone());
        command
    }

    /// A few, to their end.
    fn jobs(&self, scratch: &Path) -> Verdict {
        let job = "{\"operation\":\"images/generations\",\"request\":{\"prompt\":\"A cat\"}}\n";
        let file = scratch.join("jobs.jsonl");
        std::fs::write(&file, job.repeat(10)).map_err(|error| error.to_string())?;
        let file = file.display().to_string();
        heard(&mut self.command(&["submit", "--file", &file, "--wait"])).map(drop)
    }
}

fn scraping(
    place: &Place<'_>,
    scratch: &Path,
    admin: u16,
    prometheus: u16,
) -> Result<Command, String> {
    let configuration = scratch.join("prometheus.yml");
    let text = SCRAPING.replace("ADMIN", &admin.to_string());
    std::fs::write(&configuration, text).map_err(|error| error.to_string())?;
    let mut server = place.tools.command("prometheus")?;
    server.arg(format!("--config.file={}", configuration.display()));
    server.arg(format!("--storage.tsdb.path={}", scratch.join("tsdb").display()));
    server.arg(format!("--web.listen-address=127.0.0.1:{prometheus}"));
    Ok(server)
}

fn well_formed(place: &Place<'_>, scratch: &Path, page: &str) -> Verdict {
    let file = scratch.join("page.txt");
    std::fs::write(&file, page).map_err(|error| error.to_string())?;
    let file = File::open(&file).map_err(|error| error.to_string())?;
    let mut promtool = place.tools.command("promtool")?;
    let judged = promtool.args(["check", "metrics"]).stdin(file).output();
    let judged = judged.map_err(|error| error.to_string())?;
    // It also exits with 0 when it only has remarks.
    let remarks = String::from_utf8_lossy(&judged.stderr);
    match judged.status.success() && remarks.trim().is_empty() {
        true => Ok(()),
        false => Err(format!("/metrics: {remarks}")),
    }
}

/// The page with all panels of the last minute.
fn drawn(place: &Place<'_>, scratch: &Path, prometheus: u16) -> Verdict {
    let mut render = place.tools.command("python")?;
    render.arg(place.root.join("deploy/monitoring/render.py"));
    render.arg(format!("http://127.0.0.1:{prometheus}"));
    let told = heard(render.arg(scratch.join("page.html")).arg("1"))?;
    let empty = told.trim().rsplit_once("no data: ").map_or("?", |(_, empty)| empty);
    if empty == "none" { Ok(()) } else { Err(told) }
}

/// Ended with this.
struct Running(Child);

impl Running {
    fn start(mut command: Command, said: &Path) -> Result<Self, String> {
        let name = command.get_program().to_string_lossy().into_owned();
        let said = File::create(said).map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        command.spawn().map(Self).map_err(|error| format!("{name}: {error}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its data is thrown away.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> Verdict {
    let began = Instant::now();
    loop {
        match look() {
            Ok(_) => return Ok(()),
            Err(why) if began.elapsed() > PATIENCE => return Err(format!("not {what}: {why}")),
            Err(_) => std::thread::sleep(LOOK),
        }
    }
}

/// What is answered with 200.
fn page(port: u16, path: &str) -> Result<String, String> {
    let told = |error: std::io::Error| format!("127.0.0.1:{port}: {error}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(told)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").map_err(told)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(told)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.to_owned()),
        _ => Err(format!("127.0.0.1:{port}{path}: {head}")),
    }
}
