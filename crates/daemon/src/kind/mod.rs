//! The kinds of values: each describes, reads and shows its values, without secrets.

mod account;
mod address;
mod number;
mod pairs;
mod raw;
mod secret;
mod slots;
mod tenant;
mod text;
mod usd;

use std::fmt::Debug;

use ::config::ValueKind;

pub(crate) use self::account::{AccountsOfTenants, OfAccounts};
pub(crate) use self::address::{Address, EndpointUrl, HttpUrl};
pub(crate) use self::number::{Bool, Count, Factor, Span};
pub(crate) use self::secret::{Secret, Secrets};
pub use self::slots::SlotCount;
pub(crate) use self::slots::SlotsOrAuto;
pub(crate) use self::tenant::OfTenants;
pub(crate) use self::text::{FilePath, LogFilter, Name, OneOf, SecretPath, Texts};
pub use self::usd::MicroUsd;
pub(crate) use self::usd::{Usd, UsdOfTenants};

/// The kind of a value, with its limits.
pub(crate) trait Kind: Debug + Sync {
    type Value
    where
        Self: Sized;

    /// For a hint and for the example.
    fn wanted(&self) -> String;

    /// The error never contains a text that may be secret.
    fn read(&self, raw: &ValueKind) -> Result<Self::Value, String>
    where
        Self: Sized;

    fn shown(&self, value: &Self::Value) -> String
    where
        Self: Sized;

    /// Whether a value may be secret; such keys also have a `_FILE` variable.
    fn is_secret(&self) -> bool {
        false
    }

    fn is_list(&self) -> bool {
        false
    }

    /// A default as TOML. No default needs escaping: a test reads them back.
    fn toml(&self, default: &str) -> String {
        format!("{default:?}")
    }

    /// The value in the example for a key without a default.
    fn placeholder(&self) -> String {
        "\"...\"".to_owned()
    }
}
