use std::time::Duration;

use crate::clusters::LedgerKind;

/// The options of a run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Runs only faults whose name contains this.
    only: Option<String>,
    /// Runs only faults of servers and processes, and no crash points.
    pub(crate) short: bool,
    /// Instead of faults: so many times, a random node of a cluster is killed or frozen.
    pub(crate) clusters: Option<usize>,
    /// Which servers of Redis those rounds use.
    pub(crate) ledger: LedgerKind,
    /// Every fault and crash point runs once; the remaining time is used for pairs of crash points.
    pub(crate) budget: Duration,
    /// How long a fault lasts.
    pub(crate) trouble: Duration,
    pub(crate) seed: u64,
    pub(crate) json: bool,
}

impl Options {
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (budget, trouble) = (Duration::from_secs(20 * 60), Duration::from_secs(5));
        let (only, clusters, seed) = (None, None, 1);
        let (ledger, short, json) = (LedgerKind::Cluster, false, false);
        let mut options = Self { only, short, clusters, ledger, budget, trouble, seed, json };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => options.json = true,
                "--short" => options.short = true,
                "--sentinel" => options.ledger = LedgerKind::Sentinels,
                _ => options.value(&argument, arguments.next())?,
            }
        }
        Ok(options)
    }

    fn value(&mut self, argument: &str, value: Option<String>) -> Result<(), String> {
        let value = value.ok_or(format!("{argument} needs a value"))?;
        let wrong = || format!("{argument} {value}: not understood");
        match argument {
            "--only" => self.only = Some(value),
            "--budget" => self.budget = duration(&value).ok_or_else(wrong)?,
            "--trouble" => self.trouble = duration(&value).ok_or_else(wrong)?,
            "--clusters" => self.clusters = Some(value.parse().map_err(|_| wrong())?),
            "--seed" => self.seed = value.parse().map_err(|_| wrong())?,
            _ => return Err(wrong()),
        }
        Ok(())
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|part| name.contains(part))
    }
}

/// `90s` or `10m`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok()?;
    match unit {
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(60 * number)),
        _ => None,
    }
}
