//! Two versions share a ledger: the previous one stored the request inside the record.

use crate::fixture::server::{Told, server};
use crate::fixture::{created, key, member, settings, write};
use job::{Kept, Request};
use ledger_redis::{RedisLedger, Settings};
use ports::{Fence, Records, Swapped, Write};
use servers::redis::{Reply, Server};

struct Bench {
    server: Server,
    ledger: RedisLedger,
    fence: Fence,
    record: String,
}

async fn bench() -> Bench {
    let server = server(&[]).await;
    let settings = settings(&server.url());
    let ledger = RedisLedger::connect(settings.clone()).await.unwrap();
    let fence = member(&ledger, 1).await;
    created(&ledger, &fence, "a").await;
    let record = find(&server, &settings).await;
    Bench { server, ledger, fence, record }
}

async fn find(server: &Server, settings: &Settings) -> String {
    for shard in 0..4 {
        let key = format!("{{{}:{shard}}}:job:default/a", settings.namespace);
        if server.tell(&["EXISTS", &key]) == Reply::Number(1) {
            return key;
        }
    }
    panic!("no shard has the record");
}

#[tokio::test]
async fn a_request_inside_a_record_is_read_and_moves_beside_it() {
    let Bench { server, ledger, fence, record } = bench().await;
    let old = write("a").record;
    let body = serde_json::to_string(&old).unwrap();
    server.tell(&["HSET", &record, "b", &body]);
    server.tell(&["HDEL", &record, "d", "r"]);
    let stored = ledger.load(&key("a")).await.unwrap().unwrap();
    assert_eq!(stored.record, old);
    assert_eq!(ledger.load_whole(&key("a")).await.unwrap().unwrap().record, old);
    let again = Write { record: stored.record, ..write("a") };
    assert_eq!(ledger.swap(&fence, 1, again).await, Ok(Swapped::Done(2)));
    assert!(ledger.load(&key("a")).await.unwrap().unwrap().record.request.is_apart());
    assert_eq!(ledger.load_whole(&key("a")).await.unwrap().unwrap().record, old);
}

/// Otherwise it would treat a record whose request is apart as one without a request.
#[tokio::test]
async fn the_version_before_cannot_read_a_record_whose_request_is_apart() {
    #[derive(serde::Deserialize)]
    struct Before {
        #[serde(default)]
        request: Option<Request>,
    }
    let Bench { server, ledger, fence, record } = bench().await;
    let read = || {
        let Reply::Text(body) = server.tell(&["HGET", &record, "b"]) else {
            panic!("no body");
        };
        serde_json::from_str::<Before>(&body).map(|before| before.request)
    };
    assert!(read().is_err());
    let mut without = write("a");
    without.record.request = Kept::Nothing;
    assert_eq!(ledger.swap(&fence, 1, without).await, Ok(Swapped::Done(2)));
    assert_eq!(read().unwrap(), None);
}

#[tokio::test]
async fn a_missing_request_is_reported() {
    let Bench { server, ledger, record, .. } = bench().await;
    server.tell(&["HDEL", &record, "r"]);
    assert!(ledger.load(&key("a")).await.is_ok(), "looks go on");
    let answer = ledger.load_whole(&key("a")).await;
    assert!(matches!(answer, Err(ports::LedgerError::Corrupt { .. })), "{answer:?}");
}
