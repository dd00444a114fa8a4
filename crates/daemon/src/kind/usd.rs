//! Amounts of US dollars, also of single tenants.

use std::collections::BTreeMap;
use std::fmt;

use ::config::ValueKind;

use super::Kind;
use super::pairs::{Whom, of_each, shown};
use super::raw::{is_and_not, is_not, out_of_range, toml_list};

/// An amount in millionths of a US dollar, more than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MicroUsd(pub u64);

impl fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:06}", self.0 % DOLLAR);
        let part = part.trim_end_matches('0');
        write!(f, "{}.{part:0<2}", self.0 / DOLLAR)
    }
}

const DOLLAR: u64 = 1_000_000;
const MOST: u64 = 1_000_000_000;

const AMOUNT: &str = "an amount of US dollars such as 12.50, more than 0 and at most 1000000000";

#[derive(Debug)]
pub(crate) struct Usd;

impl Kind for Usd {
    type Value = MicroUsd;

    fn wanted(&self) -> String {
        AMOUNT.to_owned()
    }

    fn read(&self, raw: &ValueKind) -> Result<MicroUsd, String> {
        match raw {
            ValueKind::String(text) => amount(text.trim()),
            ValueKind::I64(number) => amount(&number.to_string()),
            ValueKind::Float(number) => amount(&number.to_string()),
            other => Err(is_and_not(other, "an amount")),
        }
    }

    fn shown(&self, value: &MicroUsd) -> String {
        value.to_string()
    }

    fn placeholder(&self) -> String {
        "\"12.50\"".to_owned()
    }
}

/// A list such as `acme=12.50, batch=3`.
#[derive(Debug)]
pub(crate) struct UsdOfTenants;

impl Kind for UsdOfTenants {
    type Value = BTreeMap<String, MicroUsd>;

    fn wanted(&self) -> String {
        format!("a list of TENANT=AMOUNT, each {AMOUNT}")
    }

    fn read(&self, raw: &ValueKind) -> Result<Self::Value, String> {
        of_each(Whom::Tenant, raw, amount)
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
        "[\"TENANT=12.50\"]".to_owned()
    }
}

fn amount(text: &str) -> Result<MicroUsd, String> {
    let not = || is_not(text, "an amount of US dollars");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 6 {
        return Err(not());
    }
    let micros: u64 = format!("{part:0<6}").parse().map_err(|_| not())?;
    let dollars = whole.parse::<u64>().ok().filter(|dollars| *dollars < MOST || micros == 0);
    let total = dollars.filter(|dollars| *dollars <= MOST).map(|dollars| dollars * DOLLAR + micros);
    match total {
        Some(total) if sign.is_empty() && total > 0 => Ok(MicroUsd(total)),
        Some(_) | None => Err(out_of_range(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_shown() {
        let read = |raw| Usd.read(&raw).map(|amount| Usd.shown(&amount));
        assert_eq!(read(ValueKind::String("12.5".into())), Ok("12.50".into()));
        assert_eq!(read(ValueKind::I64(12)), Ok("12.00".into()));
        assert_eq!(read(ValueKind::Float(0.0035)), Ok("0.0035".into()));
        assert_eq!(read(ValueKind::String("1000000000".into())), Ok("1000000000.00".into()));
        let many = UsdOfTenants.read(&ValueKind::String("acme=12.5, b=0.01".into())).unwrap();
        assert_eq!(UsdOfTenants.shown(&many), "acme=12.50, b=0.01");
    }

    #[test]
    fn nothing_less_than_nothing_and_no_amounts_are_refused() {
        for (text, why) in [
            ("0", "0 is out of range"),
            ("0.000000", "0.000000 is out of range"),
            ("-3", "-3 is out of range"),
            ("1000000000.01", "1000000000.01 is out of range"),
            ("99999999999999999999999", "99999999999999999999999 is out of range"),
            ("0.0000001", "\"0.0000001\" is not an amount of US dollars"),
            ("1e3", "\"1e3\" is not an amount of US dollars"),
            ("$5", "\"$5\" is not an amount of US dollars"),
            ("", "\"\" is not an amount of US dollars"),
        ] {
            assert_eq!(Usd.read(&ValueKind::String(text.into())), Err(why.into()), "{text}");
        }
        assert!(Usd.read(&ValueKind::Float(f64::NAN)).is_err());
        let twice = UsdOfTenants.read(&ValueKind::String("a=1,a=2".into()));
        assert_eq!(twice, Err("names the tenant a twice".into()));
    }
}
