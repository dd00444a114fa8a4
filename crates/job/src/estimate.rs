use serde::{Deserialize, Serialize};

use crate::Money;

/// What a round was expected to cost when it was submitted, by the prices of that moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// `None`: no price was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// What one of the provider's units costs, in which it reports what it has taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Money>,
    /// The ledger holds the amount for this round until the round is settled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reserved: bool,
}
