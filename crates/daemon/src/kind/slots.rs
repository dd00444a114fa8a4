//! Numbers of slots, which may be found.

use std::fmt;
use std::ops::RangeInclusive;

use ::config::ValueKind;

use super::{Count, Kind};

const AUTO: &str = "auto";

/// Slots of a pool at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotCount {
    /// As many as the provider allows, found from what it refuses.
    Auto,
    /// At most so many; 0 = no limit.
    Number(u32),
}

impl SlotCount {
    /// `auto`: the most that may be found.
    pub fn most(self, auto: u32) -> u32 {
        match self {
            Self::Auto => auto,
            Self::Number(number) => number,
        }
    }
}

impl fmt::Display for SlotCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str(AUTO),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// A number, or `auto`.
#[derive(Debug)]
pub(crate) struct SlotsOrAuto(pub(crate) RangeInclusive<u32>);

impl SlotsOrAuto {
    fn count(&self) -> Count<u32> {
        Count(self.0.clone())
    }
}

impl Kind for SlotsOrAuto {
    type Value = SlotCount;

    fn wanted(&self) -> String {
        format!("{}, or auto", self.count().wanted())
    }

    fn read(&self, raw: &ValueKind) -> Result<SlotCount, String> {
        match raw {
            ValueKind::String(text) if text == AUTO => Ok(SlotCount::Auto),
            other => self.count().read(other).map(SlotCount::Number),
        }
    }

    fn shown(&self, value: &SlotCount) -> String {
        value.to_string()
    }

    fn toml(&self, default: &str) -> String {
        self.count().toml(default)
    }

    fn placeholder(&self) -> String {
        AUTO.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SlotCount, String> {
        SlotsOrAuto(0..=10).read(&ValueKind::String(text.to_owned()))
    }

    #[test]
    fn a_number_or_auto_is_read_and_shown() {
        for (text, value) in [("auto", SlotCount::Auto), ("7", SlotCount::Number(7))] {
            assert_eq!(read(text), Ok(value));
            assert_eq!(SlotsOrAuto(0..=10).shown(&value), text);
        }
        assert_eq!((SlotCount::Auto.most(9), SlotCount::Number(3).most(9)), (9, 3));
    }

    #[test]
    fn other_words_and_numbers_are_refused() {
        assert_eq!(read("Auto"), Err("\"Auto\" is not a whole number".to_owned()));
        assert_eq!(read("-1"), Err("-1 is out of range".to_owned()));
        assert_eq!(read("11"), Err("11 is out of range".to_owned()));
    }
}
