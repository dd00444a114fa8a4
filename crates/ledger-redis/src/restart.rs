use redis::aio::MultiplexedConnection;

use crate::error::CommandError;
use crate::reply::Reply;
use crate::script::{Call, WITNESS};
use crate::server_facts::ServerFacts;
use crate::tag::Tag;

/// Ends a generation that began under another server process. A restart or a failover may have lost
/// the last writes, so the ledger must be compared with the journal. If the server does not report
/// its run id, nothing is checked.
pub(crate) async fn end_after_restart(
    connection: &mut MultiplexedConnection,
    tags: &[Tag],
    facts: &ServerFacts,
) -> Result<(), CommandError> {
    if facts.run_id().is_empty() {
        return Ok(());
    }
    for tag in tags {
        let call = Call::of(&WITNESS).key(tag.generation()).arg(facts.run_id());
        let answer = call.in_full().query_async(connection).await;
        let answer = answer.map_err(|error| CommandError::of(&error))?;
        let reply = Reply::read(WITNESS.name, answer).map_err(CommandError::Final)?;
        if reply.status == "ended" {
            let key = tag.generation();
            tracing::warn!(%key, "Redis has restarted or failed over: the ledger's generation ends");
        }
    }
    Ok(())
}
