use std::fmt;
use std::ops::Add;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MICROS: u64 = 1_000_000;

/// An amount of US dollars, in whole millionths. In JSON it is decimal text such as `"0.28"`, so that
/// no reader rounds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(u64);

impl Money {
    pub const ZERO: Self = Self(0);

    /// A billion dollars: sums of such amounts stay exact in every store.
    pub const MOST: Self = Self(1_000_000_000 * MICROS);

    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Reads `12`, `0.28` or `0.000001`: digits, and at most six after the point.
    /// `None` for anything else, and for more than [`Self::MOST`].
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 6 {
            return None;
        }
        let micros = format!("{part:0<6}").parse::<u64>().ok()?;
        let amount = whole.parse::<u64>().ok()?.checked_mul(MICROS)?.checked_add(micros)?;
        (amount <= Self::MOST.0).then_some(Self(amount))
    }

    /// The price of so many millionths of a unit, rounded up; at most [`Self::MOST`].
    #[must_use]
    pub fn of_units(self, micro_units: u64) -> Self {
        let exact = (u128::from(self.0) * u128::from(micro_units)).div_ceil(MICROS.into());
        Self(u64::try_from(exact).unwrap_or(u64::MAX)).min(Self::MOST)
    }

    /// At most [`Self::MOST`].
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count)).min(Self::MOST)
    }

    /// At least nothing.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::add)
    }
}

/// At least two digits after the point: `0.28`, `0.0035`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:06}", self.0 % MICROS);
        let part = part.trim_end_matches('0');
        f.pad(&format!("{}.{part:0<2}", self.0 / MICROS))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("is not an amount such as 0.28"))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Money {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "US dollars in decimal digits, at most six after the point.",
            "pattern": r"^\d+(\.\d{1,6})?$",
            "examples": ["0.28"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        Money::parse(text).unwrap()
    }

    #[test]
    fn amounts_are_read_and_written() {
        for (text, micros, shown) in [
            ("0", 0, "0.00"),
            ("12", 12_000_000, "12.00"),
            ("0.28", 280_000, "0.28"),
            ("0.5", 500_000, "0.50"),
            ("0.0035", 3_500, "0.0035"),
            ("0.000001", 1, "0.000001"),
            ("1000000000", 1_000_000_000_000_000, "1000000000.00"),
        ] {
            let amount = money(text);
            assert_eq!((amount.as_micros(), amount.to_string().as_str()), (micros, shown));
            assert_eq!(money(&amount.to_string()), amount, "read again");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        let bad = [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,5",
            " 1",
            "0.0000001",
            "1000000000.01",
            "99999999999999999999",
            "NaN",
            "0x1",
            "１",
        ];
        for text in bad {
            assert_eq!(Money::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_price_of_units_is_never_rounded_down() {
        assert_eq!(money("0.14").of_units(2_000_000), money("0.28"));
        assert_eq!(money("0.0035").of_units(50_000), money("0.000175"));
        assert_eq!(money("0.000001").of_units(1), money("0.000001"));
        assert_eq!(Money::MOST.of_units(u64::MAX), Money::MOST);
    }
}
