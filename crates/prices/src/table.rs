use std::sync::{Arc, LazyLock};

use jiff::civil::{Date, date};
use job::{Estimate, Money, Operation, Request, Resource, Timestamp};

use crate::asked::{Asked, Defaults};
use crate::price::{Amount, Price};

/// The table that is used if no other is named.
const SHIPPED: &str = include_str!("../prices.toml");

/// What tasks cost, by date.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceTable {
    pub(crate) units: Vec<Units>,
    pub(crate) defaults: Defaults,
    pub(crate) prices: Vec<Price>,
}

/// What the provider's units cost.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Units {
    pub(crate) from: Option<Date>,
    pub(crate) video: Money,
    pub(crate) image: Money,
}

impl PriceTable {
    /// Kling's list prices, as this version knows them.
    pub fn shipped() -> Arc<Self> {
        static TABLE: LazyLock<Arc<PriceTable>> =
            LazyLock::new(|| Arc::new(PriceTable::parse(SHIPPED, |_| true).unwrap_or_default()));
        TABLE.clone()
    }

    /// The text of [`Self::shipped`], to be edited.
    pub fn shipped_text() -> &'static str {
        SHIPPED
    }

    /// What a job that is submitted now is expected to cost. Without an amount if no price fits.
    pub fn estimate(&self, operation: &Operation, request: &Request, now: Timestamp) -> Estimate {
        let (asked, day) = (Asked::of(operation, request, &self.defaults), day_of(now));
        let unit = self.unit(operation, day);
        let applying = self.prices.iter().filter(|price| price.applies(&asked, day));
        // The last of equals is what `max_by_key` finds: the first in the file counts.
        let price = applying.rev().max_by_key(|price| price.terms.from);
        let amount = price.and_then(|price| price.total(&asked, unit));
        // A price in dollars says nothing of the units in which the provider reports.
        let in_dollars = price.is_some_and(|price| matches!(price.amount, Amount::Usd(_)));
        let unit = unit.filter(|_| !in_dollars);
        Estimate { amount, unit, reserved: false }
    }

    fn unit(&self, operation: &Operation, day: Date) -> Option<Money> {
        let begun = self.units.iter().filter(|units| units.from.is_none_or(|from| from <= day));
        let units = begun.max_by_key(|units| units.from)?;
        match operation.resource() {
            Some(Resource::Images) => Some(units.image),
            Some(Resource::Videos | Resource::Audio) | None => Some(units.video),
        }
    }
}

/// The day in UTC.
fn day_of(now: Timestamp) -> Date {
    let time = jiff::Timestamp::from_millisecond(now.as_millis());
    time.map_or(date(9999, 12, 31), |time| jiff::tz::Offset::UTC.to_datetime(time).date())
}
