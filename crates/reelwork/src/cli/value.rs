//! How the values of flags are read.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};

pub(super) fn states() -> impl TypedValueParser<Value = job::StateKind> {
    let words = job::StateKind::ALL.map(job::StateKind::word);
    PossibleValuesParser::new(words).try_map(|word| job::StateKind::parse(&word).ok_or("no state"))
}

pub(super) fn field(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected FIELD=VALUE".to_owned()),
    }
}

pub(super) fn priority(text: &str) -> Result<job::Priority, String> {
    job::Priority::parse(text).ok_or_else(|| "expected high, normal or low".to_owned())
}

pub(super) fn moment(text: &str) -> Result<job::Timestamp, String> {
    job::Timestamp::parse(text).ok_or_else(|| format!("expected {}", job::Timestamp::FORM))
}

/// `500ms`, `90s`, `10m`, `2h`, or seconds without a unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().map_err(|_| "expected a duration such as 90s".to_owned())?;
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        other => return Err(format!("unknown unit \"{other}\": use ms, s, m or h")),
    };
    Duration::try_from_secs_f64(number * unit).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("soon").is_err());
        assert!(duration("5d").is_err());
        assert!(duration("-1s").is_err());
    }
}
