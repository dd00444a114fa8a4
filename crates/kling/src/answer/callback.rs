//! What a callback's body proposes. It is never proof: ask before believing it.

use super::body;
use super::envelope::Envelope;
use super::task::{Task, task};
use crate::error::CallbackError;

/// The task in a callback body: bare, inside an envelope, or in the newer form.
///
/// Source: Kling API reference, callback protocol. An envelope's code is not looked at.
pub fn decode_callback(body: &[u8]) -> Result<Task, CallbackError> {
    let unreadable = |cause: &str| CallbackError { cause: cause.to_owned() };
    let root = body::object(body).ok_or_else(|| unreadable("not a JSON object"))?;
    task(&Envelope::open(&root), None).ok_or_else(|| unreadable("no task status"))
}
