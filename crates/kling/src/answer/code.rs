//! The provider's error numbers and what each of them asks of the caller.

use crate::error::RefusalClass;

/// What a number asks of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Pause the account.
    Account,
    /// Later.
    Busy,
    /// Never as it is.
    Refused(RefusalClass),
    /// The provider broke: a POST may have been accepted.
    Broken,
}

/// Nothing of this name exists: a refusal on POST, a denial on GET.
pub(super) const NO_SUCH_RESOURCE: i64 = 1203;
/// A bad value. According to two clients, also the answer to a repeated external id; this is not
/// documented.
pub(super) const BAD_VALUE: i64 = 1201;
/// More tasks at once than the account may have.
pub const TOO_MANY_TASKS: i64 = 1303;

use Meaning::{Account, Broken, Busy, Refused};
use RefusalClass::{BadRequest, Permission, Policy};

/// Number, meaning, what to change. Source: Kling API reference, error codes.
const CODES: &[(i64, Meaning, &str)] = &[
    (1000, Account, "check the API key"),
    (1001, Account, "send an API key"),
    (1002, Account, "check the API key"),
    (1003, Account, "the token is not valid yet: check the clock"),
    (1004, Account, "the token has expired: renew it"),
    (1100, Account, "the account has a problem: ask the provider"),
    (1101, Account, "pay what the account owes"),
    (1102, Account, "buy or renew a resource pack"),
    (1103, Refused(Permission), "choose a model and route this account may use"),
    (1200, Refused(BadRequest), "correct the request parameters"),
    (
        BAD_VALUE,
        Refused(BadRequest),
        "correct the named field or the combination of model, mode and duration",
    ),
    (1202, Refused(BadRequest), "the route does not take this method: check the route"),
    (
        NO_SUCH_RESOURCE,
        Refused(BadRequest),
        "the named model or resource does not exist: check its name",
    ),
    (1300, Refused(Policy), "the content breaks the platform's policy: change it"),
    (1301, Refused(Policy), "the content was found unsafe: change prompt or images"),
    (1302, Busy, "send fewer requests a second"),
    (TOO_MANY_TASKS, Busy, "run fewer tasks at once"),
    (1304, Account, "add this address to the account's IP whitelist"),
    (5000, Broken, ""),
    (5001, Broken, ""),
    (5002, Broken, ""),
];

/// Meaning and advice of a number, if the reference lists it.
pub(super) fn look_up(code: i64) -> Option<(Meaning, &'static str)> {
    CODES.iter().find(|row| row.0 == code).map(|row| (row.1, row.2))
}

/// Whether a number without a row belongs to the families that refuse (1xxx).
pub(super) fn is_refusal_family(code: i64) -> bool {
    (1000..2000).contains(&code)
}
