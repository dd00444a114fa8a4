use std::iter;

use job::JobKey;
use ports::{AccountTask, OutboxId};

use crate::slot::{part_of, slot_of};
use crate::tag::{Tag, task_name};

/// The number of shards of a ledger that has not stored its number.
pub(crate) const FIRST_SHARDS: u16 = 4;

#[derive(Clone, Debug)]
pub(crate) struct Keys {
    namespace: String,
    shards: Vec<Tag>,
    permits: Tag,
}

impl Keys {
    pub(crate) fn new(namespace: &str, shards: u16) -> Self {
        let shards = usize::from(shards);
        let tags = (0..shards).map(|n| Tag::new(n, &tag_name(namespace, n, shards)));
        Self {
            namespace: namespace.to_owned(),
            shards: tags.collect(),
            permits: Tag::new(shards, &format!("{namespace}:permits")),
        }
    }

    pub(crate) fn shards(&self) -> &[Tag] {
        &self.shards
    }

    pub(crate) fn count(&self) -> u16 {
        u16::try_from(self.shards.len()).unwrap_or(u16::MAX)
    }

    pub(crate) fn with_first_shards(&self) -> Self {
        Self::new(&self.namespace, FIRST_SHARDS)
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
        self.index_of(key.to_string().as_bytes())
    }

    pub(crate) fn shard_of_task(&self, task: &AccountTask) -> &Tag {
        &self.shards[self.index_of(task_name(task).as_bytes())]
    }

    fn index_of(&self, name: &[u8]) -> usize {
        shard_of(name, self.shards.len())
    }

    pub(crate) fn tag_of(&self, key: &str) -> Option<&Tag> {
        self.all().find(|tag| tag.has(key))
    }

    /// A glob that matches the keys of all tags whose names match.
    pub(crate) fn pattern(&self, names: &str) -> String {
        format!("{{{}:*}}:{names}", self.namespace)
    }
}

/// Without braces. In a cluster, masters usually have equal ranges of slots: the name is such that
/// shards spread evenly over them. The names of the first shards are older than this.
fn tag_name(namespace: &str, shard: usize, shards: usize) -> String {
    let plain = format!("{namespace}:{shard}");
    if shards == usize::from(FIRST_SHARDS) {
        return plain;
    }
    let others = (0..10_000).map(|n| format!("{namespace}:{shard}.{n}"));
    let mut names = iter::once(plain.clone()).chain(others);
    names.find(|name| part_of(slot_of(name), shards) == shard).unwrap_or(plain)
}

/// The job key in a record's key.
pub(crate) fn job_key(record: &str) -> Option<JobKey> {
    JobKey::parse(record.split_once("}:job:")?.1)
}

/// The name of an entry in its shard's outbox. No job id contains a line break.
pub(crate) fn outbox_member(id: &OutboxId) -> String {
    format!("{}\n{}", id.key, id.id)
}

/// FNV-1a, folded: the same in all versions and on all machines.
fn shard_of(bytes: &[u8], shards: usize) -> usize {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The low bits of FNV-1a depend only on the low bits of the input.
    ((hash ^ (hash >> 32)) % shards as u64) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use job::{JobId, Tenant};

    use super::*;

    fn key(id: &str) -> JobKey {
        JobKey::new(Tenant::default(), JobId::new(id).unwrap())
    }

    #[test]
    fn the_shard_of_a_key_never_changes_between_versions() {
        let keys = Keys::new("n", FIRST_SHARDS);
        let found: Vec<_> = ["a", "b", "order-1", "order-2", "order-3"]
            .map(|id| keys.shard_index(&key(id)))
            .to_vec();
        assert_eq!(found, [2, 3, 1, 0, 3]);
    }

    #[test]
    fn keys_spread_evenly_over_the_shards() {
        for shards in [1, 3, 4, 16, 64] {
            let keys = Keys::new("n", shards);
            let mut counts = vec![0_usize; shards.into()];
            for n in 0..1000 * usize::from(shards) {
                counts[keys.shard_index(&key(&format!("order-{n}")))] += 1;
            }
            assert!(counts.iter().all(|n| (900..1100).contains(n)), "{shards}: {counts:?}");
        }
    }

    /// Shards on each of so many masters with equal ranges of slots.
    fn on_masters(shards: u16, masters: usize) -> Vec<usize> {
        let mut counts = vec![0; masters];
        for tag in Keys::new("reelwork", shards).shards() {
            counts[part_of(tag.slot, masters)] += 1;
        }
        counts
    }

    #[test]
    fn shards_spread_evenly_over_masters() {
        // The names of the first shards were chosen without regard to slots.
        assert_eq!(on_masters(4, 3), [2, 1, 1]);
        assert_eq!(on_masters(4, 5), [1, 1, 1, 0, 1]);
        assert_eq!(on_masters(4, 8), [1, 0, 1, 0, 1, 0, 1, 0]);
        for (shards, masters, each) in
            [(3, 3, 1), (6, 3, 2), (5, 5, 1), (8, 8, 1), (16, 8, 2), (64, 16, 4)]
        {
            assert_eq!(on_masters(shards, masters), vec![each; masters], "{shards}/{masters}");
        }
        assert_eq!(on_masters(16, 3), [5, 5, 6]);
        assert_eq!(on_masters(16, 5), [3, 4, 2, 3, 4]);
    }

    #[test]
    fn no_two_tags_have_the_same_name() {
        for shards in 1..=64 {
            let keys = Keys::new("n", shards);
            let names: BTreeSet<_> = keys.all().map(Tag::generation).collect();
            assert_eq!(names.len(), usize::from(shards) + 1);
            for (n, tag) in keys.all().enumerate() {
                assert_eq!(keys.tag_of(&tag.due()).unwrap().index, n);
            }
        }
    }

    #[test]
    fn the_names_of_tags_never_change_between_versions() {
        let names = |shards| -> Vec<_> {
            Keys::new("reelwork", shards).all().map(|tag| tag.pattern("")).collect()
        };
        assert_eq!(
            names(4),
            [
                "{reelwork:0}:",
                "{reelwork:1}:",
                "{reelwork:2}:",
                "{reelwork:3}:",
                "{reelwork:permits}:"
            ]
        );
        assert_eq!(
            names(3),
            ["{reelwork:0}:", "{reelwork:1.1}:", "{reelwork:2.1}:", "{reelwork:permits}:"]
        );
    }

    #[test]
    fn a_record_key_reads_back_even_with_braces_in_the_id() {
        let keys = Keys::new("n", FIRST_SHARDS);
        let odd = key("a}:job:{b/c");
        let record = keys.shard_of(&odd).record(&odd);
        assert_eq!(job_key(&record), Some(odd));
    }
}
