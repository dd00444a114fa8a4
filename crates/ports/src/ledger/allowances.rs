//! What the keys of the gateway have used of their allowances.

use async_trait::async_trait;
use job::{Allowance, Allowed, Money, Timestamp};

use super::LedgerError;

/// One count per key, for all gateways. They are lost with the data of the ledger: then each key has its
/// whole rate and budget again.
///
/// `key` is the id of an API key: short, of `a` to `z`, `0` to `9` and `_`.
#[async_trait]
pub trait Allowances: Send + Sync + 'static {
    /// Decides as [`Allowance::decide`] by the store's time, and counts the request if it is allowed.
    /// `amount`: its estimate; `None` without a price.
    ///
    /// After an error the request may be counted. Whoever repeats it then may count it twice: this
    /// refuses too much, never too little.
    async fn spend(
        &self,
        key: &str,
        allowance: &Allowance,
        amount: Option<Money>,
    ) -> Result<Allowed, LedgerError>;

    /// Takes an amount out of the sums of a day and month, if they are still kept: for a request that
    /// was counted and then not accepted. `at`: as in [`Allowed::Yes`]. The rate is not given back.
    ///
    /// Do not repeat it after an error: an amount that is given back twice allows too much.
    async fn give_back(&self, key: &str, amount: Money, at: Timestamp) -> Result<(), LedgerError>;
}
