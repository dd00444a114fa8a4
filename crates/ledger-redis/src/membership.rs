use std::time::Duration;

use futures::future::try_join_all;
use job::Timestamp;
use ports::{Fence, Generation, LedgerError, Standing};
use uuid::Uuid;

use crate::RedisLedger;
use crate::codec::millis;
use crate::link::Repeat;
use crate::script::{ADOPT, ANY_ALIVE, BEGIN, Call, END, RENEW, Script};
use crate::shards;
use crate::tag::Tag;

/// One shard decides the generation, and the other tags adopt it. Then the deciding shard stores
/// that all have it. If all had it and a tag has lost it, it ends for all.
pub(crate) async fn join(
    ledger: &RedisLedger,
    began_at: Timestamp,
    lease: Duration,
) -> Result<Fence, LedgerError> {
    const ROUNDS: usize = 10;
    for _ in 0..ROUNDS {
        shards::settle(ledger).await?;
        let decided = decide(ledger, began_at).await?;
        let joining = Joining {
            fence: Fence { generation: decided.generation, owner: Uuid::new_v4().to_string() },
            lease,
        };
        if joining.run(ledger, decided.formed).await? {
            return Ok(joining.fence);
        }
    }
    Err(LedgerError::Unavailable("the ledger's generation changes again and again".to_owned()))
}

struct Decided {
    generation: Generation,
    /// Every tag had it.
    formed: bool,
}

async fn decide(ledger: &RedisLedger, began_at: Timestamp) -> Result<Decided, LedgerError> {
    let link = ledger.at_deciding();
    let call = Call::of(&BEGIN)
        .key(ledger.keys.deciding().generation())
        .arg(Uuid::new_v4().to_string())
        .arg(began_at.as_millis())
        .arg(link.facts().await?.run_id());
    let mut reply = link.run(call, Repeat::Safe).await?;
    Ok(Decided {
        generation: Generation {
            id: reply.next()?,
            began_at: Timestamp::from_millis(reply.next()?),
        },
        formed: reply.next::<String>()? == "1",
    })
}

struct Joining {
    fence: Fence,
    lease: Duration,
}

impl Joining {
    /// `false` if the generation has ended meanwhile: decide again.
    async fn run(&self, ledger: &RedisLedger, formed: bool) -> Result<bool, LedgerError> {
        let following = ledger.keys.following();
        let adopted = following.map(|tag| self.adopt(ledger, tag, formed, false));
        if try_join_all(adopted).await?.contains(&false) {
            let end = Call::of(&END)
                .key(ledger.keys.deciding().generation())
                .arg(&self.fence.generation.id);
            ledger.at_deciding().run(end, Repeat::Safe).await?;
            return Ok(false);
        }
        self.adopt(ledger, ledger.keys.deciding(), true, true).await
    }

    async fn adopt(
        &self,
        ledger: &RedisLedger,
        tag: &Tag,
        must_have: bool,
        all_have: bool,
    ) -> Result<bool, LedgerError> {
        let link = ledger.links.of(tag);
        let call = fenced(&ADOPT, tag, &self.fence)
            .key(tag.shards())
            .arg(self.fence.generation.began_at.as_millis())
            .arg(link.facts().await?.run_id())
            .arg(millis(self.lease))
            .arg(u8::from(must_have))
            .arg(u8::from(all_have))
            .arg(ledger.keys.count());
        let reply = link.run(call, Repeat::Safe).await?;
        Ok(reply.status == "ok")
    }
}

/// What the fence in every write reads: the tag's generation and leases, and the writer.
pub(crate) fn fenced(script: &'static Script, tag: &Tag, fence: &Fence) -> Call {
    Call::of(script)
        .key(tag.generation())
        .key(tag.leases())
        .arg(&fence.generation.id)
        .arg(&fence.owner)
}

pub(crate) async fn renew(
    ledger: &RedisLedger,
    fence: &Fence,
    lease: Duration,
) -> Result<Standing, LedgerError> {
    ledger.links.leave_replaced_master().await;
    let renewals = [ledger.keys.deciding()].into_iter().chain(ledger.keys.following()).map(|tag| {
        let call = fenced(&RENEW, tag, fence).arg(millis(lease));
        ledger.links.of(tag).run(call, Repeat::Safe)
    });
    let mut replies = try_join_all(renewals).await?;
    // Only the deciding shard has the time at which the generation opens.
    let decided = &mut replies[0];
    let now = Timestamp::from_millis(decided.next()?);
    let opens_at: String = decided.next()?;
    Ok(Standing { now, opens_at: opens_at.parse().ok().map(Timestamp::from_millis) })
}

pub(crate) async fn leave(ledger: &RedisLedger, fence: &Fence) -> Result<(), LedgerError> {
    let endings = ledger.keys.all().map(|tag| async move {
        let mut command = redis::cmd("ZREM");
        command.arg(tag.leases()).arg(&fence.owner);
        ledger.links.of(tag).ask::<i64>(&command, Repeat::Safe).await
    });
    try_join_all(endings).await.map(drop)
}

/// The deciding shard has the lease of every owner.
pub(crate) async fn any_alive(ledger: &RedisLedger) -> Result<bool, LedgerError> {
    let call = Call::of(&ANY_ALIVE).key(ledger.keys.deciding().leases());
    let mut reply = ledger.at_deciding().run(call, Repeat::Safe).await?;
    Ok(reply.next::<i64>()? > 0)
}

pub(crate) async fn generation(ledger: &RedisLedger) -> Result<Option<Generation>, LedgerError> {
    let mut command = redis::cmd("HMGET");
    command.arg(ledger.keys.deciding().generation()).arg(&["id", "began_at"]);
    let (id, began_at): (Option<String>, Option<i64>) =
        ledger.at_deciding().ask(&command, Repeat::Safe).await?;
    Ok(id
        .zip(began_at)
        .map(|(id, began_at)| Generation { id, began_at: Timestamp::from_millis(began_at) }))
}

pub(crate) async fn opens_at(ledger: &RedisLedger) -> Result<Option<Timestamp>, LedgerError> {
    let mut command = redis::cmd("HGET");
    command.arg(ledger.keys.deciding().generation()).arg("opens_at");
    let opens_at: Option<i64> = ledger.at_deciding().ask(&command, Repeat::Safe).await?;
    Ok(opens_at.map(Timestamp::from_millis))
}
