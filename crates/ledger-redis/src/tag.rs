use job::{DEFAULT_ACCOUNT, JobKey};
use ports::AccountTask;

use crate::slot::slot_of;

/// Keys that one script uses share a tag, and so a slot of a Redis Cluster.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    /// In braces, as keys begin with it.
    name: String,
    pub(crate) index: usize,
    pub(crate) slot: u16,
}

impl Tag {
    pub(crate) fn new(index: usize, tag: &str) -> Self {
        Self { name: format!("{{{tag}}}"), index, slot: slot_of(tag) }
    }

    fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.name)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        key.starts_with(&self.name)
    }

    /// A glob that matches the tag's keys whose names match.
    pub(crate) fn pattern(&self, names: &str) -> String {
        self.key(names)
    }

    /// The number of shards of this ledger.
    pub(crate) fn shards(&self) -> String {
        self.key("shards")
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

    /// A set of records by creation; without its name, what is before that.
    pub(crate) fn listed(&self, set: &str) -> String {
        self.key(&format!("listed:{set}"))
    }

    /// The records of a tenant, by creation; without a tenant, what is before it.
    pub(crate) fn tenant(&self, tenant: &str) -> String {
        self.key(&format!("tenant:{tenant}"))
    }

    /// How many rounds ended in an hour; without it, what is before it.
    pub(crate) fn ended(&self, hour: &str) -> String {
        self.key(&format!("ended:{hour}"))
    }

    /// Task ids that callbacks named for a job's round.
    pub(crate) fn proposed(&self, holder: &str) -> String {
        self.key(&format!("proposed:{holder}"))
    }

    /// A job that a gateway has accepted.
    pub(crate) fn accepted(&self, key: &JobKey) -> String {
        self.key(&format!("accepted:{key}"))
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

    /// How many slots of a pool are used.
    pub(crate) fn slot_limit(&self, pool: &str) -> String {
        self.key(&format!("limit:{pool}"))
    }

    /// Until when the rates of an account and its tenants are used up.
    pub(crate) fn rates(&self, account: &str) -> String {
        self.key(&format!("rates:{account}"))
    }

    /// Names of jobs that wait for slots, in the order within each tenant.
    pub(crate) fn queue(&self, pool: &str) -> String {
        self.key(&format!("queue:{pool}"))
    }

    /// The same names by holder.
    pub(crate) fn waiting(&self, pool: &str) -> String {
        self.key(&format!("waiting:{pool}"))
    }

    /// Grants that are not confirmed, by holder.
    pub(crate) fn granted(&self, pool: &str) -> String {
        self.key(&format!("granted:{pool}"))
    }

    /// Tenants with waiting jobs, in the order in which they are served.
    pub(crate) fn tenants(&self, pool: &str) -> String {
        self.key(&format!("tenants:{pool}"))
    }

    /// Tenants without waiting jobs that are still charged for earlier ones.
    pub(crate) fn charged(&self, pool: &str) -> String {
        self.key(&format!("charged:{pool}"))
    }

    pub(crate) fn shares(&self, pool: &str) -> String {
        self.key(&format!("shares:{pool}"))
    }

    /// The channel on which freed slots are announced.
    pub(crate) fn freed(&self) -> String {
        self.key("freed")
    }

    /// The owner that has the turn to probe.
    pub(crate) fn turn(&self, pool: &str) -> String {
        self.key(&format!("turn:{pool}"))
    }

    /// The count of an account's submissions today. Versions with one account counted it as `day`.
    pub(crate) fn day(&self, account: &str) -> String {
        match account {
            DEFAULT_ACCOUNT => self.key("day"),
            account => self.key(&format!("day:{account}")),
        }
    }

    pub(crate) fn pauses(&self) -> String {
        self.key("pauses")
    }

    /// Pauses by hand of an account, by scope.
    pub(crate) fn manual_pauses(&self, account: &str) -> String {
        self.key(&format!("paused:{account}"))
    }

    /// Amounts reserved in an account, by holder.
    pub(crate) fn reserved(&self, account: &str) -> String {
        self.key(&format!("reserved:{account}"))
    }

    /// The beginning of the names of an account's sums: a colon and the period follow.
    pub(crate) fn spending(&self, account: &str) -> String {
        self.key(&format!("spending:{account}"))
    }

    /// What a key of the gateway has used.
    pub(crate) fn allowance(&self, key: &str) -> String {
        self.key(&format!("allowance:{key}"))
    }

    /// Tasks that an account is known to have, by operation.
    pub(crate) fn witnesses(&self, account: &str) -> String {
        self.key(&format!("witnesses:{account}"))
    }
}

/// With a length prefix, because an account may contain any character.
pub(crate) fn task_name(task: &AccountTask) -> String {
    format!("{}:{}:{}", task.account.len(), task.account, task.id)
}
