use std::time::Duration;

/// The options of a run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Runs only faults whose name contains this.
    only: Option<String>,
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
        let mut options = Self { only: None, budget, trouble, seed: 1, json: false };
        while let Some(argument) = arguments.next() {
            if argument == "--json" {
                options.json = true;
                continue;
            }
            let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
            let wrong = || format!("{argument} {value}: not understood");
            match argument.as_str() {
                "--only" => options.only = Some(value),
                "--budget" => options.budget = duration(&value).ok_or_else(wrong)?,
                "--trouble" => options.trouble = duration(&value).ok_or_else(wrong)?,
                "--seed" => options.seed = value.parse().map_err(|_| wrong())?,
                _ => return Err(wrong()),
            }
        }
        Ok(options)
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
