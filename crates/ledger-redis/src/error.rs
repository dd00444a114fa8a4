use ports::LedgerError;
use redis::{ErrorKind, RedisError};
use tls::Refusal;

use crate::encryption;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// The server does not know the script: it was not executed.
    NoScript,
    /// It was not executed: another node of the cluster has the key.
    Moved(String),
    /// It was not executed: the server is a replica, is cut off, or has lost its part in a cluster.
    /// Another server may execute it.
    Deposed(String),
    /// It was not executed: the server reads its data, or hands the key's slot over to another.
    NotNow(String),
    /// It was not sent, because no server could be reached.
    Unsent(LedgerError),
    /// The connection is lost; whether the command was executed is unknown.
    Lost(LedgerError),
    /// TLS has ended the connection; whether the command was executed is unknown. A server may also
    /// refuse our certificate only with the first command.
    Insecure(Refusal),
    /// The server returned an error: repeating now does not help.
    Final(LedgerError),
}

impl CommandError {
    pub(crate) fn of(error: &RedisError) -> Self {
        if let Some(refusal) = encryption::refusal(error) {
            return Self::Insecure(refusal);
        }
        match code_of(error) {
            "NOSCRIPT" => Self::NoScript,
            "MOVED" => Self::Moved(text_of(error)),
            "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "NOREPLICAS" => {
                Self::Deposed(text_of(error))
            }
            "LOADING" | "TRYAGAIN" | "ASK" => Self::NotNow(text_of(error)),
            _ if error.is_unrecoverable_error() => Self::Lost(ledger_error(error)),
            _ => Self::Final(ledger_error(error)),
        }
    }

    /// Only a new connection helps.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(self, Self::Moved(_) | Self::Deposed(_) | Self::Lost(_) | Self::Insecure(_))
    }

    /// It was not executed, and another server or the same one may do so soon.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Moved(_) | Self::Deposed(_) | Self::NotNow(_) => true,
            Self::Unsent(error) => matches!(error, LedgerError::Unavailable(_)),
            Self::NoScript | Self::Lost(_) | Self::Insecure(_) | Self::Final(_) => false,
        }
    }

    /// For the first commands of a connection: a refusal is one of the connection.
    pub(crate) fn at_connecting(self) -> LedgerError {
        match self {
            Self::Insecure(refusal) => encryption::refused(&refusal),
            other => other.into(),
        }
    }

    /// For servers that are looked up again: the next look finds the right one.
    pub(crate) fn while_looking(self) -> LedgerError {
        match self {
            Self::Moved(text) => LedgerError::Unavailable(text),
            other => other.at_connecting(),
        }
    }
}

impl From<CommandError> for LedgerError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NoScript => Self::Unavailable("the server forgets scripts".to_owned()),
            CommandError::Moved(_) => Self::Denied(
                "this server is part of a Redis Cluster: begin the ledger's URL with \
                 redis+cluster:// (TLS: rediss+cluster://)"
                    .to_owned(),
            ),
            CommandError::Deposed(text) | CommandError::NotNow(text) => Self::Unavailable(text),
            CommandError::Insecure(refusal) => Self::Unavailable(encryption::explained(&refusal)),
            CommandError::Unsent(error)
            | CommandError::Lost(error)
            | CommandError::Final(error) => error,
        }
    }
}

/// The variant shows what to do: wait, or have an operator repair it. A failure of TLS is one of the
/// connection.
pub(crate) fn ledger_error(error: &RedisError) -> LedgerError {
    if let Some(refusal) = encryption::refusal(error) {
        return encryption::refused(&refusal);
    }
    let text = text_of(error);
    match (error.kind(), code_of(error)) {
        (ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig, _)
        | (_, "NOAUTH" | "WRONGPASS" | "NOPERM" | "CROSSSLOT") => LedgerError::Denied(text),
        (_, "WRONGTYPE") => LedgerError::Corrupt { key: "the namespace".to_owned(), cause: text },
        _ => LedgerError::Unavailable(text),
    }
}

/// The server does not have the command: it is of another kind, or of another version.
pub(crate) fn is_unknown_command(error: &RedisError) -> bool {
    let detail = error.detail().unwrap_or_default();
    error.code() == Some("ERR")
        && (detail.starts_with("unknown command") || detail.contains("cluster support disabled"))
}

/// Empty if the error is not the server's. Redis 6.2 hides the code of an error inside a script:
/// `ERR Error running script (call to f_5c): @user_script:13: WRONGTYPE Operation ..`.
fn code_of(error: &RedisError) -> &str {
    let detail = error.detail().unwrap_or_default();
    let hidden = detail.strip_prefix("Error running script").and_then(|text| {
        let (_, cause) = text.rsplit_once("@user_script:")?;
        let (_, cause) = cause.trim_start().split_once(": ")?;
        cause.trim_start_matches('-').split(' ').next()
    });
    hidden.or(error.code()).unwrap_or_default()
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
    fn a_value_of_another_kind_is_corrupt_also_inside_a_script() {
        for line in [
            "WRONGTYPE Operation x",
            "ERR Error running script (call to f_5c): @user_script:13: WRONGTYPE Operation x",
        ] {
            let error = ledger_error(&error_of(&format!("-{line}\r\n")));
            assert!(matches!(&error, LedgerError::Corrupt { .. }), "{error}");
        }
    }

    #[test]
    fn what_another_server_may_execute_is_told_from_what_was_perhaps_executed() {
        let of = |line: &str| CommandError::of(&error_of(&format!("-{line}\r\n")));
        for line in ["MOVED 1 h:1", "READONLY x", "CLUSTERDOWN x", "MASTERDOWN x", "NOREPLICAS x"] {
            assert!(of(line).is_passing() && of(line).ends_connection(), "{line}");
        }
        for line in ["ASK 1 h:1", "TRYAGAIN x", "LOADING x"] {
            assert!(of(line).is_passing() && !of(line).ends_connection(), "{line}");
        }
        for line in ["ERR x", "OOM x", "MISCONF x", "WRONGTYPE x"] {
            assert!(matches!(of(line), CommandError::Final(_)), "{line}");
        }
        let hidden = "ERR Error running script (call to f_5c): @user_script:13: @user_script: 13: \
                      -READONLY You can't write against a read only replica.";
        assert!(matches!(of(hidden), CommandError::Deposed(_)));
        let unsent = |error| CommandError::Unsent(error).is_passing();
        assert!(unsent(LedgerError::Unavailable("x".to_owned())));
        assert!(!unsent(LedgerError::Denied("x".to_owned())), "waiting does not help");
        assert!(matches!(of("MOVED 1 h:1").while_looking(), LedgerError::Unavailable(_)));
        assert!(matches!(of("MOVED 1 h:1").into(), LedgerError::Denied(_)));
    }

    #[test]
    fn a_server_that_repeats_the_password_is_cut_short() {
        let line = "-ERR unknown command 'AUTH', with args beginning with: 'hunter2' \r\n";
        let error = ledger_error(&error_of(line));
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.to_string().contains("AUTH"), "{error}");
    }
}
