//! A namespace can be removed without removing others.

use crate::fixture::server::{Told, server};
use crate::fixture::{created, key, member, settings};
use ledger_redis::{RedisLedger, Settings};
use ports::{LedgerError, Members, Records};
use servers::redis::Reply;

#[tokio::test]
async fn erasing_takes_every_key_of_one_namespace_and_no_other() {
    let server = server(&[]).await;
    let mine = settings(&server.url());
    // Namespaces with a common prefix could be confused.
    let longer = Settings { namespace: format!("{}0", mine.namespace), ..mine.clone() };
    let (mine, other) =
        (RedisLedger::connect(mine).await.unwrap(), RedisLedger::connect(longer).await.unwrap());
    let (my_fence, their_fence) = (member(&mine, 1).await, member(&other, 1).await);
    for n in 0..50 {
        created(&mine, &my_fence, &format!("job-{n}")).await;
    }
    created(&other, &their_fence, "kept").await;
    // A record, its two indexes; generation, leases and number of shards of every tag.
    let others = 3 + 5 * 3;
    assert_eq!(server.tell(&["DBSIZE"]), Reply::Number(others + 50 + 4 * 2 + 5 * 3));
    mine.erase().await.unwrap();
    assert_eq!(server.tell(&["DBSIZE"]), Reply::Number(others));
    assert_eq!(
        mine.renew(&my_fence, crate::fixture::LONG).await,
        Err(LedgerError::GenerationChanged)
    );
    other.renew(&their_fence, crate::fixture::LONG).await.unwrap();
    assert!(other.load(&key("kept")).await.unwrap().is_some());
}
