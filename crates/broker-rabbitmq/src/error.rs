use std::future::Future;
use std::io;
use std::time::Duration;

use lapin::ErrorKind;
use lapin::types::ShortString;
use ports::BrokerError;

use crate::encryption;

/// AMQP reply codes (AMQP 0-9-1, constants).
pub(crate) mod code {
    /// For an orderly close.
    pub(crate) const CLOSE_NORMALLY: u16 = 200;
    pub(crate) const ACCESS_REFUSED: u16 = 403;
    pub(crate) const NOT_FOUND: u16 = 404;
    pub(crate) const PRECONDITION_FAILED: u16 = 406;
    /// Also the reply for an unknown or forbidden virtual host.
    pub(crate) const NOT_ALLOWED: u16 = 530;
}

/// The broker's reply code, if the broker refused.
pub(crate) fn reply_code(error: &lapin::Error) -> Option<u16> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.get_id()),
        _ => None,
    }
}

/// On one line; lapin's errors never contain the URL.
pub(crate) fn cause(error: &lapin::Error) -> String {
    let text = match error.kind() {
        ErrorKind::ProtocolError(error) => error.get_message().to_string(),
        ErrorKind::IOError(error) => error.to_string(),
        _ => error.to_string(),
    };
    text.replace(['\r', '\n'], " ")
}

/// Why no connection was opened.
pub(crate) fn connecting(error: &lapin::Error, address: &str) -> BrokerError {
    if let Some(refusal) = encryption::refusal(error, address) {
        return refusal;
    }
    match reply_code(error) {
        Some(code::ACCESS_REFUSED | code::NOT_ALLOWED) => BrokerError::Denied(cause(error)),
        _ => BrokerError::Unavailable(format!("{address}: {}", cause(error))),
    }
}

/// Why a request on a channel failed; `thing` is the subject of the request.
pub(crate) fn using(thing: &str, error: &lapin::Error) -> BrokerError {
    let text = format!("{thing}: {}", cause(error));
    match reply_code(error) {
        Some(code::NOT_FOUND | code::PRECONDITION_FAILED) => BrokerError::Differs(text),
        Some(code::ACCESS_REFUSED) => BrokerError::Denied(text),
        _ => BrokerError::Unavailable(text),
    }
}

/// Limits a wait for the broker: a frozen one answers nothing, and lapin waits for ever.
pub(crate) async fn within<T>(
    most: Duration,
    waiting: impl Future<Output = lapin::Result<T>>,
) -> lapin::Result<T> {
    match tokio::time::timeout(most, waiting).await {
        Ok(result) => result,
        Err(_) => {
            let text = format!("no answer within {most:?}");
            Err(io::Error::new(io::ErrorKind::TimedOut, text).into())
        }
    }
}

/// Whether [`within`] ended the wait.
pub(crate) fn is_unanswered(error: &lapin::Error) -> bool {
    matches!(error.kind(), ErrorKind::IOError(error) if error.kind() == io::ErrorKind::TimedOut)
}

/// AMQP's short strings hold 255 bytes; lapin panics beyond.
pub(crate) fn short(text: &str) -> Option<ShortString> {
    ShortString::try_new(text).ok()
}
