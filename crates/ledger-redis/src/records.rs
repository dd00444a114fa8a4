use job::{JobKey, Kept, Record, StateKind};
use ports::{Created, Ended, Fence, LedgerError, Stored, Swapped, Write};

use crate::RedisLedger;
use crate::activity::{self, hour_of};
use crate::beside::Beside;
use crate::codec::{self, millis};
use crate::keys::outbox_member;
use crate::link::Repeat;
use crate::membership::fenced;
use crate::reply::Reply;
use crate::script::{Call, LOAD, LOAD_WHOLE, WRITE};

pub(crate) async fn load(
    ledger: &RedisLedger,
    key: &JobKey,
) -> Result<Option<Stored>, LedgerError> {
    let mut reply = ledger.at_shard_of(key).run(load_call(ledger, key), Repeat::Safe).await?;
    match reply.status.as_str() {
        "ok" => codec::stored(key, &mut reply).map(Some),
        "gone" => Ok(None),
        _ => Err(reply.unexpected()),
    }
}

pub(crate) async fn load_whole(
    ledger: &RedisLedger,
    key: &JobKey,
) -> Result<Option<Stored>, LedgerError> {
    let shard = ledger.keys.shard_of(key);
    let call = Call::of(&LOAD_WHOLE).key(shard.leases()).key(shard.record(key));
    let mut reply = ledger.links.of(shard).run(call, Repeat::Safe).await?;
    match reply.status.as_str() {
        "ok" => {
            let mut stored = codec::stored(key, &mut reply)?;
            if stored.record.request.is_apart() {
                let text: Option<Vec<u8>> = reply.next()?;
                stored.record.request = Kept::Here(codec::request(key, text.as_deref())?);
            }
            Ok(Some(stored))
        }
        "gone" => Ok(None),
        _ => Err(reply.unexpected()),
    }
}

pub(crate) fn load_call(ledger: &RedisLedger, key: &JobKey) -> Call {
    let shard = ledger.keys.shard_of(key);
    Call::of(&LOAD).key(shard.leases()).key(shard.record(key))
}

pub(crate) async fn create(
    ledger: &RedisLedger,
    fence: &Fence,
    write: Write,
) -> Result<Created, LedgerError> {
    let (write, beside) = Beside::of(write)?;
    let call = write_call(ledger, fence, "", &write, beside.whole())?;
    let mut reply = ledger.at_shard_of(&write.record.key).run(call, Repeat::Never).await?;
    match reply.status.as_str() {
        "ok" => Ok(Created::New),
        "stale" => Ok(Created::Exists(found(&write, &mut reply)?)),
        "lacking" => Err(left_apart(&write)),
        _ => Err(reply.unexpected()),
    }
}

pub(crate) async fn swap(
    ledger: &RedisLedger,
    fence: &Fence,
    expected: u64,
    write: Write,
) -> Result<Swapped, LedgerError> {
    let (write, beside) = Beside::of(write)?;
    let expected = expected.to_string();
    let call = write_call(ledger, fence, &expected, &write, beside.digest_only())?;
    let link = ledger.at_shard_of(&write.record.key);
    let mut reply = link.run(call, Repeat::Never).await?;
    if reply.status == "lacking" && beside.is_in_hand() {
        let call = write_call(ledger, fence, &expected, &write, beside.whole())?;
        reply = link.run(call, Repeat::Never).await?;
    }
    match reply.status.as_str() {
        "ok" => Ok(Swapped::Done(reply.next()?)),
        "stale" => Ok(Swapped::Stale(Some(found(&write, &mut reply)?))),
        "gone" => Ok(Swapped::Stale(None)),
        "lacking" => Err(left_apart(&write)),
        _ => Err(reply.unexpected()),
    }
}

fn found(write: &Write, reply: &mut Reply) -> Result<Box<Stored>, LedgerError> {
    codec::stored(&write.record.key, reply).map(Box::new)
}

fn left_apart(write: &Write) -> LedgerError {
    LedgerError::LeftApart { key: write.record.key.to_string() }
}

/// `expected`: a version, or empty if there must be no record.
pub(crate) fn write_call(
    ledger: &RedisLedger,
    fence: &Fence,
    expected: &str,
    write: &Write,
    (digest, request): (&str, &[u8]),
) -> Result<Call, LedgerError> {
    let record = &write.record;
    let shard = ledger.keys.shard_of(&record.key);
    let due = write.due.map(|due| due.as_millis().to_string());
    let fades = record.fades().then(|| millis(ledger.retention).to_string());
    let ended = Ended::of(record);
    let mut call = fenced(&WRITE, shard, fence)
        .key(shard.record(&record.key))
        .key(shard.due())
        .key(shard.outbox())
        .key(shard.outbox_bodies())
        .key(shard.outbox_tries())
        .key(shard.listed(""))
        .key(shard.tenant(""))
        .key(shard.ended(""))
        .arg(expected)
        .arg(record.key.to_string())
        .arg(codec::json(&record.key, record)?)
        .arg(codec::owner(record))
        .arg(record.state.word())
        .arg(u8::from(codec::settled(record)))
        .arg(record.created_at.as_millis())
        .arg(due.unwrap_or_default())
        .arg(millis(write.outbox_lease))
        .arg(record.revision)
        .arg(fades.unwrap_or_default())
        .arg(digest)
        .arg(request)
        .arg(record.operation.as_str())
        .arg(swept(record).map_or("", StateKind::word))
        .arg(ended.as_ref().map_or_else(String::new, |ended| hour_of(ended.slot).to_string()))
        .arg(ended.as_ref().map_or_else(String::new, activity::field));
    for entry in &write.outbox {
        call = call.arg(outbox_member(&entry.outbox_id())).arg(codec::outbox_body(entry)?);
    }
    Ok(call)
}

/// The state whose expired records leave the index when this one settles: for one of four its own, to
/// which it adds one, and for one of twenty each other one. Older versions, which know no index, may
/// have written the record meanwhile.
fn swept(record: &Record) -> Option<StateKind> {
    if !codec::settled(record) {
        return None;
    }
    let lot = usize::try_from(record.created_at.as_millis() % 20).unwrap_or_default();
    match lot {
        0..5 => Some(record.state.kind()),
        lot => StateKind::ALL.get(lot - 5).copied(),
    }
}
