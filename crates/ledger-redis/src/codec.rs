use std::time::Duration;

use job::{JobKey, Money, Record, Request, State};
use ports::{LedgerError, OutboxEntry, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::reply::Reply;

/// About 300 years: Lua's numbers represent it exactly.
const MOST_MILLIS: u64 = 10_000_000_000_000;

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).map_or(MOST_MILLIS, |n| n.min(MOST_MILLIS))
}

/// Empty without an amount.
pub(crate) fn micros(amount: Option<Money>) -> String {
    amount.map_or(String::new(), |amount| amount.as_micros().to_string())
}

pub(crate) fn json<T: Serialize>(key: impl ToString, value: &T) -> Result<Vec<u8>, LedgerError> {
    serde_json::to_vec(value).map_err(|error| corrupt(key, error))
}

pub(crate) fn from_json<T: DeserializeOwned>(
    key: impl ToString,
    text: &[u8],
) -> Result<T, LedgerError> {
    serde_json::from_slice(text).map_err(|error| corrupt(key, error))
}

pub(crate) fn corrupt(key: impl ToString, cause: impl ToString) -> LedgerError {
    LedgerError::Corrupt { key: key.to_string(), cause: cause.to_string() }
}

/// The owner whose lease shows whether the job is being submitted.
pub(crate) fn owner(record: &Record) -> &str {
    match &record.state {
        State::Submitting { owner, .. } => owner,
        _ => "",
    }
}

/// Settled records may expire once announced; parked ones never do.
pub(crate) fn settled(record: &Record) -> bool {
    matches!(record.state, State::Settled { .. })
}

/// Reads version, body and whether the owner is alive, as every script returns them.
pub(crate) fn stored(key: impl ToString, reply: &mut Reply) -> Result<Stored, LedgerError> {
    let version = reply.next()?;
    let body: Vec<u8> = reply.next()?;
    let owner_alive = reply.next::<i64>()? == 1;
    Ok(Stored { record: from_json(key, &body)?, version, owner_alive })
}

/// The request of a record that is marked as apart.
pub(crate) fn request(key: &JobKey, text: Option<&[u8]>) -> Result<Request, LedgerError> {
    let text = text.ok_or_else(|| corrupt(key, "its request is not there"))?;
    from_json(key, text)
}

/// `c` if the entry closes its record, otherwise `-`; the entry in JSON without its body; a line
/// break; the body as it is, because JSON would write bytes as a list of numbers.
pub(crate) fn outbox_body(entry: &OutboxEntry) -> Result<Vec<u8>, LedgerError> {
    let body = entry.message.body.clone();
    let mut head = entry.clone();
    head.message.body = Default::default();
    let mut bytes = vec![if entry.closes { b'c' } else { b'-' }];
    bytes.extend(json(&entry.key, &head)?);
    bytes.push(b'\n');
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

pub(crate) fn outbox_entry(member: &str, bytes: &[u8]) -> Result<OutboxEntry, LedgerError> {
    // JSON escapes line breaks, so the first one ends the head.
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or_else(|| corrupt(member, "the outbox entry has no end of its head"))?;
    let mut entry: OutboxEntry = from_json(member, bytes.get(1..end).unwrap_or_default())?;
    entry.message.body = bytes[end + 1..].to_vec().into();
    Ok(entry)
}

/// A holder of permits: the job and its round.
pub(crate) fn holder(key: &JobKey, round: u32) -> String {
    format!("{key}#{round}")
}

pub(crate) fn parse_holder(text: &str) -> Option<(JobKey, u32)> {
    let (key, round) = text.rsplit_once('#')?;
    Some((JobKey::parse(key)?, round.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use job::{JobId, Tenant};
    use ports::{Destination, Message};

    use super::*;

    #[test]
    fn an_outbox_entry_reads_back_with_any_bytes_in_its_body() {
        let key = JobKey::new(Tenant::default(), JobId::new("a#b").unwrap());
        let entry = OutboxEntry {
            id: "e".to_owned(),
            key,
            to: Destination::Journal,
            message: Message::json("m", vec![0, b'\n', 255, b'\n']).header("h", "one\ntwo"),
            closes: true,
            tries: 3,
        };
        let bytes = outbox_body(&entry).unwrap();
        assert_eq!(bytes[0], b'c');
        assert_eq!(outbox_entry("e", &bytes).unwrap(), entry);
    }

    #[test]
    fn a_holder_reads_back_even_with_a_hash_sign_in_the_id() {
        let key = JobKey::new(Tenant::default(), JobId::new("a#7").unwrap());
        assert_eq!(parse_holder(&holder(&key, 2)), Some((key, 2)));
    }
}
