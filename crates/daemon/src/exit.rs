//! The exit code of a process.

use std::process::Termination;

/// The exit codes that commands promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    Ok = 0,
    Failure = 1,
    /// The command line could not be understood.
    Usage = 2,
    /// The command worked, but the job that it waited for failed.
    JobFailed = 3,
    NotFound = 4,
    /// The waiting ended before the job did.
    TimedOut = 5,
    /// The broker, the ledger or the provider could not be reached.
    Unavailable = 69,
    Configuration = 78,
}

impl ExitCode {
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(exit: ExitCode) -> Self {
        Self::from(exit.code())
    }
}

/// So that `main` can return it.
impl Termination for ExitCode {
    fn report(self) -> std::process::ExitCode {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn the_numbers_are_those_of_the_contract() {
        let all = [
            ExitCode::Ok,
            ExitCode::Failure,
            ExitCode::Usage,
            ExitCode::JobFailed,
            ExitCode::NotFound,
            ExitCode::TimedOut,
            ExitCode::Unavailable,
            ExitCode::Configuration,
        ];
        assert_eq!(all.map(ExitCode::code), [0, 1, 2, 3, 4, 5, 69, 78]);
    }
}
