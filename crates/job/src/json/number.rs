//! Which numbers a double or a 64-bit integer holds as they are written.

use serde_json::Number;

/// Whether every number of a JSON text is written again with the same characters.
pub(super) fn all_are_held(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = after_string(bytes, at + 1),
            b'-' | b'0'..=b'9' => {
                let rest = &bytes[at..];
                let length = rest.iter().position(|b| !is_of_number(*b)).unwrap_or(rest.len());
                if !is_held(&text[at..at + length]) {
                    return false;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    true
}

fn after_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(step) =
        bytes[at.min(bytes.len())..].iter().position(|b| matches!(b, b'"' | b'\\'))
    {
        at += step;
        match bytes[at] {
            b'"' => return at + 1,
            _ => at += 2,
        }
    }
    bytes.len()
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

fn is_held(number: &str) -> bool {
    let short = number.len() <= 15 && number.bytes().all(|b| b.is_ascii_digit());
    short || held(number).is_some_and(|held| held == number)
}

/// The number as it is written again after parsing.
fn held(number: &str) -> Option<String> {
    Some(number.parse::<Number>().ok()?.to_string())
}

/// One spelling for one value: that after parsing, unless parsing changes the value.
pub(super) fn canonical(number: &str) -> String {
    match held(number) {
        Some(held) if Decimal::of(&held) == Decimal::of(number) => held,
        _ => Decimal::of(number).to_string(),
    }
}

/// The nearest number that a double holds.
pub(super) fn near(number: &str) -> Number {
    let most = if number.starts_with('-') { -f64::MAX } else { f64::MAX };
    number.parse().ok().or_else(|| Number::from_f64(most)).unwrap_or_else(|| Number::from(0))
}

/// The value: digits without zeros around them, times a power of ten.
#[derive(PartialEq)]
struct Decimal<'a> {
    negative: bool,
    digits: String,
    power: i64,
    /// The spelling, if the power does not fit 64 bits; it is then the value.
    beyond: Option<&'a str>,
}

impl<'a> Decimal<'a> {
    fn of(number: &'a str) -> Self {
        let unsigned = number.trim_start_matches('-');
        let (mantissa, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{part}");
        let digits = all.trim_start_matches('0').trim_end_matches('0').to_owned();
        let zeros = all.len() - all.trim_end_matches('0').len();
        let shift = zeros as i64 - part.len() as i64;
        let counted = power.trim_start_matches('+').parse::<i64>().ok();
        let power = counted.and_then(|power| power.checked_add(shift));
        let beyond = if power.is_none() { Some(number) } else { None };
        let power = if digits.is_empty() { 0 } else { power.unwrap_or(0) };
        Self { negative: number.starts_with('-'), digits, power, beyond }
    }
}

impl std::fmt::Display for Decimal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(spelling) = self.beyond {
            return f.write_str(spelling);
        }
        let sign = if self.negative { "-" } else { "" };
        write!(f, "{sign}{}e{}", self.digits, self.power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_outside_of_texts_are_looked_at() {
        for (text, held) in [
            (r#"{"a":1,"b":0.5,"c":-3}"#, true),
            (r#"{"a":"1.10 1e400 \" 1.10","1.10":1}"#, true),
            (r#"{"a":"\\","b":1.10}"#, false),
            (r#"{"a":12345678901234567890}"#, true),
            (r#"{"a":123456789012345678901}"#, false),
            (r#"{"a":1e2}"#, false),
            (r#"[1.0,-0.0]"#, true),
            (r#"[-0]"#, false),
            (r#""an open text \"#, true),
            (r#"[1"#, true),
        ] {
            assert_eq!(all_are_held(text), held, "{text}");
        }
    }

    #[test]
    fn one_value_has_one_spelling() {
        for (number, canonical_is) in [
            ("1.10", "1.1"),
            ("1e2", "100.0"),
            ("-0", "-0.0"),
            ("12345678901234567890123", "12345678901234567890123e0"),
            ("12345678901234567890120", "1234567890123456789012e1"),
            ("1e400", "1e400"),
            ("-10E399", "-1e400"),
            ("1e99999999999999999999", "1e99999999999999999999"),
            ("0e400", "0.0"),
        ] {
            assert_eq!(canonical(number), canonical_is, "{number}");
        }
    }
}
