use ports::LedgerError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// The server does not know the script: it was not executed.
    NoScript,
    /// The connection is lost; whether the command was executed is unknown.
    Lost(LedgerError),
    /// The server returned an error, or it was not sent: repeating now does not help.
    Final(LedgerError),
}

impl CommandError {
    pub(crate) fn of(error: &RedisError) -> Self {
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) {
            return Self::NoScript;
        }
        let cause = ledger_error(error);
        match error.is_unrecoverable_error() {
            true => Self::Lost(cause),
            false => Self::Final(cause),
        }
    }
}

impl From<CommandError> for LedgerError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NoScript => Self::Unavailable("the server forgets scripts".to_owned()),
            CommandError::Lost(error) | CommandError::Final(error) => error,
        }
    }
}

/// The variant shows what to do: wait, or have an operator repair it.
pub(crate) fn ledger_error(error: &RedisError) -> LedgerError {
    let text = text_of(error);
    match (error.kind(), error.code()) {
        (ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig, _)
        | (_, Some("NOAUTH" | "WRONGPASS" | "NOPERM" | "MOVED" | "ASK" | "CROSSSLOT")) => {
            LedgerError::Denied(text)
        }
        (_, Some("WRONGTYPE")) => {
            LedgerError::Corrupt { key: "the namespace".to_owned(), cause: text }
        }
        _ => LedgerError::Unavailable(text),
    }
}

/// The server's error code first. A server that does not know `AUTH` repeats its arguments, which
/// contain the password: they are cut off.
fn text_of(error: &RedisError) -> String {
    let text = match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => error.to_string(),
    };
    match text.split_once(", with args") {
        Some((before, _)) => before.to_owned(),
        None => text,
    }
}

/// The server's mode has changed during the connection: only a new connection helps.
pub(crate) fn needs_reconnect(error: &RedisError) -> bool {
    let demoted = [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown];
    error.is_unrecoverable_error()
        || demoted.iter().any(|kind| error.kind() == ErrorKind::Server(*kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(line: &str) -> RedisError {
        redis::parse_redis_value(line.as_bytes()).unwrap().extract_error().unwrap_err()
    }

    #[test]
    fn what_needs_a_person_is_denied_and_what_passes_is_unavailable() {
        for line in ["NOAUTH Authentication required.", "WRONGPASS x", "NOPERM x"] {
            let error = ledger_error(&error_of(&format!("-{line}\r\n")));
            assert!(matches!(&error, LedgerError::Denied(text) if text == line), "{error}");
        }
        for line in ["LOADING x", "READONLY x", "OOM x", "CLUSTERDOWN x", "MISCONF x"] {
            let error = ledger_error(&error_of(&format!("-{line}\r\n")));
            assert!(matches!(&error, LedgerError::Unavailable(text) if text == line), "{error}");
        }
    }

    #[test]
    fn a_server_that_repeats_the_password_is_cut_short() {
        let line = "-ERR unknown command 'AUTH', with args beginning with: 'hunter2' \r\n";
        let error = ledger_error(&error_of(line));
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.to_string().contains("AUTH"), "{error}");
    }
}
