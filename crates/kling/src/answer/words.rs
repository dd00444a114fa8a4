//! What an operator knows about the errors of the gateway in use.

use super::code::{self, Meaning};
use super::complaint::Complaint;

/// Errors that an operator configured as refusals or as "busy" beyond the API reference. Codes are
/// compared without case; a number of Kling is written in digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorWords {
    refusals: Vec<String>,
    busy: Vec<String>,
    busy_statuses: Vec<u16>,
}

impl Default for ErrorWords {
    /// `invalid_request`: documented by CometAPI as a malformed request under HTTP 500.
    fn default() -> Self {
        Self::of_refusals(["invalid_request".to_owned()])
    }
}

impl ErrorWords {
    /// Codes that refuse the request, also with a 5xx status.
    pub fn of_refusals(codes: impl IntoIterator<Item = String>) -> Self {
        Self { refusals: lower(codes), busy: Vec::new(), busy_statuses: Vec::new() }
    }

    /// HTTP statuses (300 to 599), codes and numbers that mean that nothing was created and that
    /// the request may be sent later. If this is wrong, a job is paid twice: what would be a doubt
    /// leads to another POST. A success cannot be configured as busy.
    #[must_use]
    pub fn with_busy(self, codes: impl IntoIterator<Item = String>) -> Self {
        let busy = lower(codes);
        let statuses = busy.iter().filter_map(|code| code.parse().ok());
        let busy_statuses = statuses.filter(|status| (300..600).contains(status)).collect();
        Self { busy, busy_statuses, ..self }
    }

    pub(super) fn refuse(&self, complaint: &Complaint) -> bool {
        names(&self.refusals, complaint)
    }

    /// An error number about the job or the account has precedence over the HTTP status.
    pub(super) fn are_busy(&self, status: u16, complaint: &Complaint) -> bool {
        let known = complaint.code.and_then(code::look_up).map(|(meaning, _)| meaning);
        let tells_more = matches!(known, Some(Meaning::Account | Meaning::Refused(_)));
        let status_is = self.busy_statuses.contains(&status) && !tells_more;
        status_is || names(&self.busy, complaint)
    }
}

fn names(codes: &[String], complaint: &Complaint) -> bool {
    let number = complaint.code.map(|code| code.to_string());
    codes.iter().any(|code| Some(code) == complaint.word.as_ref() || Some(code) == number.as_ref())
}

fn lower(codes: impl IntoIterator<Item = String>) -> Vec<String> {
    codes.into_iter().map(|code| code.trim().to_ascii_lowercase()).collect()
}
