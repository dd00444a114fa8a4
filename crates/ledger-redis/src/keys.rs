use job::JobKey;
use ports::{AccountTask, OutboxId};

/// Fixed for the life of a ledger: with another number, records would not be found.
pub(crate) const SHARDS: usize = 4;

/// Keys that one script uses share a tag, and so a slot of a Redis Cluster.
#[derive(Clone, Debug)]
pub(crate) struct Tag(String);

impl Tag {
    fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.0)
    }

    pub(crate) fn generation(&self) -> String {
        self.key("generation")
    }

    pub(crate) fn leases(&self) -> String {
        self.key("leases")
    }

    /// How far the journal was compared: on every tag, because each may lose its data alone.
    pub(crate) fn followed(&self) -> String {
        self.key("followed")
    }

    pub(crate) fn due(&self) -> String {
        self.key("due")
    }

    pub(crate) fn outbox(&self) -> String {
        self.key("outbox")
    }

    pub(crate) fn outbox_bodies(&self) -> String {
        self.key("outbox:bodies")
    }

    pub(crate) fn outbox_tries(&self) -> String {
        self.key("outbox:tries")
    }

    /// The prefix of every record's key in this shard.
    pub(crate) fn records(&self) -> String {
        self.key("job:")
    }

    pub(crate) fn record(&self, key: &JobKey) -> String {
        self.key(&format!("job:{key}"))
    }

    /// Task ids that callbacks named for a job's round.
    pub(crate) fn proposed(&self, holder: &str) -> String {
        self.key(&format!("proposed:{holder}"))
    }

    /// The job that has a task.
    pub(crate) fn task(&self, task: &AccountTask) -> String {
        self.key(&format!("task:{}", task_name(task)))
    }

    /// Slots held in a pool, by holder.
    pub(crate) fn held(&self, pool: &str) -> String {
        self.key(&format!("held:{pool}"))
    }

    /// Slots used in a pool: the sum of what is held.
    pub(crate) fn used(&self, pool: &str) -> String {
        self.key(&format!("used:{pool}"))
    }

    /// The owner that has the turn to take jobs for a full pool.
    pub(crate) fn turn(&self, pool: &str) -> String {
        self.key(&format!("turn:{pool}"))
    }

    pub(crate) fn day(&self) -> String {
        self.key("day")
    }

    pub(crate) fn pauses(&self) -> String {
        self.key("pauses")
    }

    /// Tasks that an account is known to have, by operation.
    pub(crate) fn witnesses(&self, account: &str) -> String {
        self.key(&format!("witnesses:{account}"))
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Keys {
    namespace: String,
    shards: Vec<Tag>,
    permits: Tag,
}

impl Keys {
    pub(crate) fn new(namespace: &str) -> Self {
        let shards = (0..SHARDS).map(|n| Tag(format!("{{{namespace}:{n}}}")));
        Self {
            namespace: namespace.to_owned(),
            shards: shards.collect(),
            permits: Tag(format!("{{{namespace}:permits}}")),
        }
    }

    pub(crate) fn shards(&self) -> &[Tag] {
        &self.shards
    }

    /// The shard that decides the generation.
    pub(crate) fn deciding(&self) -> &Tag {
        &self.shards[0]
    }

    pub(crate) fn permits(&self) -> &Tag {
        &self.permits
    }

    /// Every tag but the deciding one.
    pub(crate) fn following(&self) -> impl Iterator<Item = &Tag> {
        self.shards[1..].iter().chain([&self.permits])
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Tag> {
        self.shards.iter().chain([&self.permits])
    }

    pub(crate) fn shard_of(&self, key: &JobKey) -> &Tag {
        &self.shards[self.shard_index(key)]
    }

    pub(crate) fn shard_index(&self, key: &JobKey) -> usize {
        shard_of(key.to_string().as_bytes())
    }

    pub(crate) fn shard_of_task(&self, task: &AccountTask) -> &Tag {
        &self.shards[shard_of(task_name(task).as_bytes())]
    }

    /// A glob that matches every key.
    pub(crate) fn pattern(&self) -> String {
        format!("{{{}:*", self.namespace)
    }

    /// A glob that matches the records of all shards.
    pub(crate) fn record_pattern(&self) -> String {
        format!("{{{}:*}}:job:*", self.namespace)
    }
}

/// The job key in a record's key.
pub(crate) fn job_key(record: &str) -> Option<JobKey> {
    JobKey::parse(record.split_once("}:job:")?.1)
}

/// The name of an entry in its shard's outbox. No job id contains a line break.
pub(crate) fn outbox_member(id: &OutboxId) -> String {
    format!("{}\n{}", id.key, id.id)
}

/// With a length prefix, because an account may contain any character.
fn task_name(task: &AccountTask) -> String {
    format!("{}:{}:{}", task.account.len(), task.account, task.id)
}

/// FNV-1a, folded: the same in all versions and on all machines.
fn shard_of(bytes: &[u8]) -> usize {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits of FNV-1a depend only on the low bits of the input.
    ((hash ^ (hash >> 32)) % SHARDS as u64) as usize
}

#[cfg(test)]
mod tests {
    use job::{JobId, Tenant};

    use super::*;

    fn key(id: &str) -> JobKey {
        JobKey::new(Tenant::default(), JobId::new(id).unwrap())
    }

    #[test]
    fn the_shard_of_a_key_never_changes_between_versions() {
        let keys = Keys::new("n");
        let found: Vec<_> = ["a", "b", "order-1", "order-2", "order-3"]
            .map(|id| keys.shard_index(&key(id)))
            .to_vec();
        assert_eq!(found, [2, 3, 1, 0, 3]);
    }

    #[test]
    fn keys_spread_evenly_over_the_shards() {
        let keys = Keys::new("n");
        let mut counts = [0_usize; SHARDS];
        for n in 0..4000 {
            counts[keys.shard_index(&key(&format!("order-{n}")))] += 1;
        }
        assert!(counts.iter().all(|n| (900..1100).contains(n)), "{counts:?}");
    }

    #[test]
    fn a_record_key_reads_back_even_with_braces_in_the_id() {
        let keys = Keys::new("n");
        let odd = key("a}:job:{b/c");
        let record = keys.shard_of(&odd).record(&odd);
        assert_eq!(job_key(&record), Some(odd));
    }
}
