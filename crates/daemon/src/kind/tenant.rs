//! Numbers of single tenants.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ::config::ValueKind;

use super::Kind;
use super::pairs::{Whom, of_each, shown};
use super::raw::{is_not, out_of_range, toml_list};

/// A list such as `acme=3, batch=1`.
#[derive(Debug)]
pub(crate) struct OfTenants(pub(crate) RangeInclusive<u32>);

impl Kind for OfTenants {
    type Value = BTreeMap<String, u32>;

    fn wanted(&self) -> String {
        let (least, most) = (self.0.start(), self.0.end());
        format!("a list of TENANT=NUMBER, each number from {least} to {most}")
    }

    fn read(&self, raw: &ValueKind) -> Result<Self::Value, String> {
        of_each(Whom::Tenant, raw, |number| self.number(number))
    }

    fn shown(&self, value: &Self::Value) -> String {
        shown(value.iter())
    }

    fn is_list(&self) -> bool {
        true
    }

    fn toml(&self, default: &str) -> String {
        toml_list(default)
    }

    fn placeholder(&self) -> String {
        "[\"TENANT=1\"]".to_owned()
    }
}

impl OfTenants {
    fn number(&self, text: &str) -> Result<u32, String> {
        let number: u64 = text.parse().map_err(|_| is_not(text, "a whole number"))?;
        let fitting = u32::try_from(number).ok().filter(|number| self.0.contains(number));
        fitting.ok_or_else(|| out_of_range(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BTreeMap<String, u32>, String> {
        OfTenants(1..=10).read(&ValueKind::String(text.to_owned()))
    }

    #[test]
    fn pairs_are_read_and_shown() {
        let numbers = read("acme=3, b.c = 10").unwrap();
        assert_eq!(OfTenants(1..=10).shown(&numbers), "acme=3, b.c=10");
        assert_eq!(read(""), Ok(BTreeMap::new()));
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for (text, why) in [
            ("acme", "\"acme\" is not such a pair"),
            ("a/b=1", "\"a/b\" is not the name of a tenant"),
            ("=1", "\"\" is not the name of a tenant"),
            ("acme=", "\"\" is not a whole number"),
            ("acme=-1", "\"-1\" is not a whole number"),
            ("acme=0", "0 is out of range"),
            ("acme=11", "11 is out of range"),
            ("acme=1,acme=2", "names the tenant acme twice"),
        ] {
            assert_eq!(read(text), Err(why.to_owned()), "{text}");
        }
        let longest = "x".repeat(64);
        assert!(read(&format!("{longest}=1")).is_ok());
        assert!(read(&format!("{longest}x=1")).is_err());
    }
}
