//! The simulated provider: no limits, every task has ended at the first query.

use std::process::Stdio;
use std::time::Duration;

use simulator::{Accounts, Settings, Simulator};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Failed;

const PATIENCE: Duration = Duration::from_secs(10);

/// The simulator in a process of its own, which ends when this is dropped.
pub(crate) struct Provider {
    child: Child,
    url: String,
}

/// Makes this process the provider: prints its address and serves until stdin ends.
pub(crate) async fn serve() -> Result<(), Failed> {
    let settings = Settings { life_ms: Some(0), ..Settings::default() };
    let simulator = Simulator::start(settings, ([127, 0, 0, 1], 0).into()).await?;
    crate::report::line(&simulator.url())?;
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    simulator.stop().await;
    Ok(())
}

impl Provider {
    pub(crate) async fn start() -> Result<Self, Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--provider").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        let stdout = child.stdout.take().ok_or("the provider has no stdout")?;
        let mut url = String::new();
        let mut reader = BufReader::new(stdout);
        tokio::time::timeout(PATIENCE, reader.read_line(&mut url)).await??;
        Ok(Self { child, url: url.trim().to_owned() })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// Requires that every job was paid exactly once.
    pub(crate) async fn agrees(&self, jobs: usize) -> Result<(), Failed> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("{}/_simulator/accounts", self.url);
        let accounts: Accounts = client.get(url).send().await?.json().await?;
        let wanted = jobs as u64;
        let Accounts { accepted, jobs, double_paid, unmarked, .. } = accounts;
        if (accepted, jobs, double_paid, unmarked) == (wanted, wanted, 0, 0) {
            return Ok(());
        }
        Err(format!(
            "no figures: of {wanted} jobs {jobs} were paid, with {accepted} submissions; \
             {double_paid} paid twice, {unmarked} not told apart"
        )
        .into())
    }
}
