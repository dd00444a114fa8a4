//! Redis: one hash a job, a set of permits, two sorted sets, six scripts.

use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError, Script};

use crate::Failed;

pub(super) struct Ledger {
    connection: MultiplexedConnection,
    name: String,
    permit: Script,
    intent: Script,
    record: Script,
    claim: Script,
    complete: Script,
    mark: Script,
}

/// 1 when granted. KEYS 1 permits; ARGV 1 job, 2 limit (0 = none).
const PERMIT: &str = r"
local limit = tonumber(ARGV[2])
if limit > 0 and redis.call('SCARD', KEYS[1]) >= limit then
  return redis.call('SISMEMBER', KEYS[1], ARGV[1])
end
redis.call('SADD', KEYS[1], ARGV[1])
return 1";

/// 1 when new. KEYS 1 job; ARGV 1 body.
const INTENT: &str = r"
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'state', 'submitting', 'body', ARGV[1])
return 1";

/// 1 when written. KEYS 1 job, 2 due; ARGV 1 job, 2 task.
const RECORD: &str = r"
if redis.call('HGET', KEYS[1], 'state') ~= 'submitting' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'pending', 'task', ARGV[2])
redis.call('ZADD', KEYS[2], redis.call('TIME')[1] * 1000, ARGV[1])
return 1";

/// Jobs and tasks in turn, and a lease on each. KEYS 1 due; ARGV 1 name, 2 most.
const CLAIM: &str = r"
local now = redis.call('TIME')[1] * 1000
local found = {}
for _, job in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])) do
  redis.call('ZADD', KEYS[1], now + 10000, job)
  found[#found + 1] = job
  found[#found + 1] = redis.call('HGET', ARGV[1] .. job, 'task')
end
return found";

/// 1 when written. KEYS 1 job, 2 due, 3 outbox, 4 bodies; ARGV 1 job, 2 event.
const COMPLETE: &str = r"
if redis.call('HGET', KEYS[1], 'state') ~= 'pending' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'succeeded')
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], redis.call('TIME')[1] * 1000 + 10000, ARGV[1])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[2])
return 1";

/// KEYS 1 outbox, 2 bodies, 3 permits; ARGV 1 name, 2.. jobs.
const MARK: &str = r"
for i = 2, #ARGV do
  redis.call('ZREM', KEYS[1], ARGV[i])
  redis.call('HDEL', KEYS[2], ARGV[i])
  redis.call('SREM', KEYS[3], ARGV[i])
  redis.call('EXPIRE', ARGV[1] .. ARGV[i], 604800)
end
return 1";

impl Ledger {
    pub(super) async fn open(url: &str, name: &str) -> Result<Self, Failed> {
        let connection = Client::open(url)?.get_multiplexed_async_connection().await?;
        Ok(Self {
            connection,
            name: format!("{name}:"),
            permit: Script::new(PERMIT),
            intent: Script::new(INTENT),
            record: Script::new(RECORD),
            claim: Script::new(CLAIM),
            complete: Script::new(COMPLETE),
            mark: Script::new(MARK),
        })
    }

    pub(super) async fn take_permit(&self, job: &str) -> Result<(), Failed> {
        let mut call = self.permit.key(self.set("permits"));
        let answer = call.arg(job).arg(0).invoke_async(&mut self.connection.clone()).await;
        done(answer, "permit")
    }

    pub(super) async fn intend(&self, job: &str, body: &[u8]) -> Result<(), Failed> {
        let mut call = self.intent.key(self.job(job));
        done(call.arg(body).invoke_async(&mut self.connection.clone()).await, "intent")
    }

    pub(super) async fn record(&self, job: &str, task: &str) -> Result<(), Failed> {
        let mut call = self.record.key(self.job(job));
        let call = call.key(self.set("due")).arg(job).arg(task);
        done(call.invoke_async(&mut self.connection.clone()).await, "record")
    }

    /// Jobs with their tasks.
    pub(super) async fn claim(&self, most: usize) -> Result<Vec<(String, String)>, Failed> {
        let mut call = self.claim.key(self.set("due"));
        let call = call.arg(&self.name).arg(most);
        Ok(call.invoke_async(&mut self.connection.clone()).await?)
    }

    pub(super) async fn complete(&self, job: &str, event: &[u8]) -> Result<(), Failed> {
        let mut call = self.complete.key(self.job(job));
        let call = call.key(self.set("due")).key(self.set("outbox")).key(self.set("bodies"));
        let call = call.arg(job).arg(event);
        done(call.invoke_async(&mut self.connection.clone()).await, "outcome")
    }

    pub(super) async fn mark(&self, jobs: &[String]) -> Result<(), Failed> {
        let mut call = self.mark.key(self.set("outbox"));
        let call = call.key(self.set("bodies")).key(self.set("permits"));
        let call = call.arg(&self.name).arg(jobs);
        done(call.invoke_async(&mut self.connection.clone()).await, "mark")
    }

    pub(super) async fn erase(&self) -> Result<(), Failed> {
        let mut connection = self.connection.clone();
        let pattern = format!("{}*", self.name);
        let mut keys = redis::cmd("KEYS");
        let keys: Vec<String> = keys.arg(pattern).query_async(&mut connection).await?;
        for keys in keys.chunks(1_000) {
            let _: u64 = redis::cmd("UNLINK").arg(keys).query_async(&mut connection).await?;
        }
        Ok(())
    }

    fn job(&self, job: &str) -> String {
        format!("{}{job}", self.name)
    }

    fn set(&self, what: &str) -> String {
        format!("{}:{what}", self.name)
    }
}

fn done(answer: Result<u8, RedisError>, what: &str) -> Result<(), Failed> {
    match answer? {
        1 => Ok(()),
        _ => Err(format!("the {what} was refused").into()),
    }
}
