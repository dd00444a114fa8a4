//! A refusal in the provider's numbers.

use api_keys::BadKey;

use crate::refusal::Refusal;

/// Source: Kling's table of error codes (mirrors of its page "common information").
pub(super) fn code(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::NoKey => 1001,
        Refusal::BadKey(BadKey::Unknown | BadKey::Revoked) => 1002,
        Refusal::BadKey(BadKey::TokenTooEarly) => 1003,
        Refusal::BadKey(BadKey::Expired | BadKey::TokenExpired) => 1004,
        Refusal::OverBudget { .. } => 1102,
        Refusal::NotLocal(_) | Refusal::NotAllowed(_) => 1103,
        Refusal::Unread(_) | Refusal::NotJson(_) => 1200,
        Refusal::Field(..)
        | Refusal::Invalid(_)
        | Refusal::Conflict { .. }
        | Refusal::NotTheProviders(_)
        | Refusal::TooLate { .. }
        | Refusal::NotRetried(_)
        | Refusal::ListTooLong => 1201,
        Refusal::WrongMethod => 1202,
        Refusal::UnknownPath(_) | Refusal::UnknownTask(_) => 1203,
        Refusal::TooMany | Refusal::RateUsedUp { .. } => 1302,
        Refusal::Closed
        | Refusal::Unfinished
        | Refusal::Ledger(_)
        | Refusal::Slow
        | Refusal::Rebuilding => 5001,
        Refusal::Unknown { .. } => 5002,
    }
}
