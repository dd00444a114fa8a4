//! How the values of flags are read.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use kling::Route;
use operator::Letter;

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

pub(super) fn pool(text: &str) -> Result<job::Resource, String> {
    let pool = job::Resource::ALL.into_iter().find(|resource| resource.as_str() == text);
    pool.ok_or_else(|| "expected videos, images or audio".to_owned())
}

pub(super) fn tenant(text: &str) -> Result<job::Tenant, String> {
    job::Tenant::new(text).map_err(|error| error.to_string())
}

pub(super) fn operation(text: &str) -> Result<job::Operation, String> {
    if Route::parse(text).is_some() {
        return Ok(job::Operation::new(text));
    }
    Err(unknown("operation", text, Route::ALL.iter().map(|route| route.path())))
}

/// Of a dead letter.
pub(super) fn reason(text: &str) -> Result<String, String> {
    match Letter::reasons().any(|known| known == text) {
        true => Ok(text.to_owned()),
        false => Err(unknown("reason", text, Letter::reasons())),
    }
}

fn unknown<'a>(what: &str, text: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let hint = daemon::nearest(text, known).map(|known| format!(": did you mean {known}?"));
    format!("unknown {what}{}", hint.unwrap_or_default())
}

/// US dollars, more than nothing.
pub(super) fn money(text: &str) -> Result<job::Money, String> {
    let amount = job::Money::parse(text).filter(|amount| !amount.is_zero());
    amount.ok_or_else(|| "expected an amount of US dollars such as 12.50".to_owned())
}

pub(super) fn day(text: &str) -> Result<job::Period, String> {
    let day = job::Period::parse(text).filter(job::Period::is_day);
    day.ok_or_else(|| "expected a day such as 2026-12-01".to_owned())
}

pub(super) fn month(text: &str) -> Result<job::Period, String> {
    let month = job::Period::parse(text).filter(|period| !period.is_day());
    month.ok_or_else(|| "expected a month such as 2026-12".to_owned())
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
    fn an_unknown_operation_is_refused_with_the_nearest_one() {
        let found = |text| operation(text).map(|operation| operation.to_string());
        assert_eq!(found("videos/text2video"), Ok("videos/text2video".to_owned()));
        let hint = "unknown operation: did you mean videos/text2video?";
        assert_eq!(found("videos/text2vidoe"), Err(hint.to_owned()));
        assert_eq!(found("poems"), Err("unknown operation".to_owned()));
    }

    #[test]
    fn an_unknown_reason_is_refused_with_the_nearest_one() {
        for known in ["not_json", "too_many_attempts", "expired", "dead_lettered"] {
            assert_eq!(reason(known), Ok(known.to_owned()));
        }
        assert_eq!(reason("no_json"), Err("unknown reason: did you mean not_json?".to_owned()));
        assert_eq!(reason("sadness"), Err("unknown reason".to_owned()));
    }

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
