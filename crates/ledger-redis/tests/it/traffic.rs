//! Measures the bytes of one query between process and server.

#![allow(clippy::disallowed_methods, reason = "records are made up for the tests")]

use crate::fixture::server::{Told, server};
use crate::fixture::{LONG, created, member, settings};
use job::{Fact, MessageFacts, Moment, Record, Rules, Timestamp, decode, transition};
use ledger_redis::RedisLedger;
use ports::{Created, Due, Fence, Records, Swapped, Write};
use servers::redis::Server;
use std::time::Duration;

const FILE: usize = 4 * 1024 * 1024;
const TASKS: usize = 2;
const LOOKS: usize = 20;

/// A query needs fewer bytes than this, in each direction.
const MOST_PER_LOOK: u64 = 16 * 1024;

fn record(id: &str) -> Record {
    let file = "A".repeat(FILE);
    let body = format!(
        r#"{{"id":"{id}","operation":"videos/image2video","request":{{"image":"{file}"}},"retries":1}}"#
    );
    let job = decode(body.as_bytes(), MessageFacts::default()).unwrap();
    Record::new(&job, "default", "test", Timestamp::EPOCH)
}

/// As a poller does: it applies the fact, and the record is due at once.
fn next(record: Record, fact: Fact) -> Write {
    let at = Moment { now: Timestamp::EPOCH, steady_since: Timestamp::EPOCH, jitter: 0.0 };
    let record = transition(record, fact, at, &Rules::default()).unwrap().record;
    let due = Some(Timestamp::EPOCH);
    Write { record, due, outbox: Vec::new(), outbox_lease: Duration::ZERO }
}

async fn submitted(ledger: &RedisLedger, fence: &Fence, id: &str) {
    let taken = Fact::Taken {
        owner: fence.owner.clone(),
        intent: String::new(),
        post_deadline: Timestamp::EPOCH,
    };
    let intent = next(record(id), taken);
    assert_eq!(ledger.create(fence, intent.clone()).await, Ok(Created::New));
    let accepted = Fact::Accepted { task_id: id.to_owned(), status: "submitted".to_owned() };
    let answer = ledger.swap(fence, 1, next(intent.record, accepted)).await;
    assert_eq!(answer, Ok(Swapped::Done(2)));
}

/// Bytes that the server has received and sent.
fn bytes(server: &Server) -> (u64, u64) {
    let statistics = server.tell(&["INFO", "stats"]);
    let of = |name: &str| statistics.field(name).parse().unwrap();
    (of("total_net_input_bytes"), of("total_net_output_bytes"))
}

#[tokio::test]
async fn a_request_is_written_once_and_no_look_carries_it() {
    let server = server(&[]).await;
    let ledger = RedisLedger::connect(settings(&server.url())).await.unwrap();
    let fence = member(&ledger, 1).await;
    // The first write sends the script to the server.
    created(&ledger, &fence, "small").await;
    let start = bytes(&server);
    for n in 0..TASKS {
        submitted(&ledger, &fence, &n.to_string()).await;
    }
    let before = bytes(&server);
    let (once, written) = ((TASKS * FILE) as u64, before.0 - start.0);
    assert!(written < once + once / 8, "{written} bytes for {once} of requests");
    for _ in 0..LOOKS {
        let claimed = ledger.claim_due(&fence, TASKS, LONG).await.unwrap();
        assert_eq!(claimed.items.len(), TASKS);
        for stored in claimed.items {
            let seen = Fact::Seen { status: "processing".to_owned() };
            let answer = ledger.swap(&fence, stored.version, next(stored.record, seen)).await;
            assert!(matches!(answer, Ok(Swapped::Done(_))));
        }
    }
    let after = bytes(&server);
    let most = (TASKS * LOOKS) as u64 * MOST_PER_LOOK;
    let (into, out) = (after.0 - before.0, after.1 - before.1);
    assert!(into < most && out < most, "{into} bytes in, {out} out");
}
