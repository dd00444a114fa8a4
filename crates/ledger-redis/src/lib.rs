//! The ledger on Redis 6.2 or newer: one server, a master under Sentinel, or a Redis Cluster.
//!
//! All decisions are in `job`; Redis compares and writes. Each call of the port is one short Lua
//! script (`scripts/*.lua`) and one round trip; concurrent calls share one connection. Read in this
//! order: [`Settings`], `address`, `keys` (names of keys), then `links`, `link`, `connect`,
//! `servers` (connections, and which server to connect to), `script`, `reply`, `error` (commands to
//! the server), then `restart`, `server_facts` (checks of a new connection), then
//! [`RedisLedger`], one file for each part of the port, and `port`, which implements its traits
//! with them.
//!
//! **Lost writes.** A new connection compares the server's run id with the one under which the
//! generation began. After a restart or a failover the last writes may be lost, so the generation
//! ends. Every write returns `GenerationChanged` until a process joins again.
//!
//! **Which server.** Each attempt to connect looks the server up again: a sentinel names the
//! master, and a node of a cluster names the master of a slot. Several are asked, so that a frozen
//! one does not matter. A process that is connected to a master under Sentinel also asks once a
//! second whether it still is the master. The connection that listens for free slots asks after
//! five seconds of silence whether its server is there, and still the master. A server that holds
//! the keys no more, or not yet, refuses commands without executing them (`MOVED`, `READONLY`,
//! `TRYAGAIN` and others). Such commands, and those for which no server could be reached, are
//! repeated until the timeout has passed.
//!
//! **Cluster.** Keys that a script uses share a hash tag, and so a slot. There is one connection
//! for each tag: a lost master disturbs only its own tags. The generation has to be the same on all
//! of them, so a failover of one master ends it. Moving the slot of a tag to another node ends it
//! too; while the slot is moving, calls on this tag wait. Each tag's times are counted by the clock
//! of its own server (see `clocks`).
//!
//! **Shards.** Their number is fixed when a ledger first starts ([`Settings::shards`]) and stored
//! under every tag; a ledger without it has 4. With another number than 4, tags have names with
//! which they spread evenly over masters with equal ranges of slots, so a suitable number is that
//! of the masters, or a multiple of it. The 4 shards use 3 of 3 masters, 4 of 5, and 4 of 8.
//!
//! The keys that `redis-cli` shows, for the namespace `reelwork` and shard 0 of 4:
//!
//! | key | type | content |
//! |---|---|---|
//! | `{reelwork:0}:job:<tenant>/<id>` | hash | `v` version, `b` the record in JSON, `r` its request and `d` a digest of that, `o` submitting owner, `s` state, `f` 1 if settled, `c` created at, `n` revision, `w` the number of closing entries not announced yet, `p` operation |
//! | `{reelwork:0}:listed:<state>`, `:tenant:<tenant>` | sorted sets | the records in a state (`active`: queued, submitting or pending), those of a tenant: created at in 13 digits, a line break, job key. Names of expired records leave some time later |
//! | `{reelwork:0}:ended:<hour>` | hash | how many rounds have ended, by slot of five minutes, state and pool; the hour is counted from 1970 |
//! | `{reelwork:0}:due` | sorted set | job key by the ms at which it is due |
//! | `{reelwork:0}:outbox`, `:outbox:bodies`, `:outbox:tries` | sorted set, hashes | messages to publish |
//! | `{reelwork:0}:generation` | hash | the generation: `id`, `began_at`, `run` the server's run id when it began, `formed` 1 once every tag has it (shard 0 only) |
//! | `{reelwork:0}:shards` | string | the number of shards, under every tag |
//! | `{reelwork:0}:leases` | sorted set | owner by the ms at which its lease ends |
//! | `{reelwork:0}:proposed:<tenant>/<id>#<round>` | sorted set | task ids that callbacks named, by the ms at which they arrived |
//! | `{reelwork:0}:accepted:<tenant>/<id>` | string | a job that a gateway has accepted, in JSON, until it expires |
//! | `{reelwork:0}:task:<length>:<account>:<task id>` | string | the job that has the task: `<tenant>/<id>#<round>` |
//! | `{reelwork:permits}:held:<pool>`, `:used:<pool>`, `:day`, `:pauses` | hash, string, hashes | slots at the provider, the day's submissions, paused accounts |
//! | `{reelwork:permits}:limit:<pool>` | hash | the slots that are used now: `version`, `slots`, `paused_until` in ms, `limit` all of it in JSON |
//! | `{reelwork:permits}:rates:<account>` | sorted set | the µs until which the rate of a tenant, or of the account (an empty name), is used up |
//! | `{reelwork:permits}:queue:<pool>`, `:waiting:<pool>`, `:granted:<pool>` | sorted set, hashes | jobs that wait for slots: in order, by holder, and those whose grant is not confirmed |
//! | `{reelwork:permits}:tenants:<pool>`, `:charged:<pool>`, `:shares:<pool>` | sorted sets, hash | the tenants' fair shares |
//! | `{reelwork:permits}:freed` | channel | a message when slots may be free for waiting jobs |
//! | `{reelwork:permits}:witnesses:<account>` | hash | a task of each operation that the provider is known to have |
//! | `{reelwork:permits}:reserved:<account>`, `:spending:<account>:<period>` | hashes | amounts reserved by job and round; the sums of a day or month by account, tenant and model (`scripts/spending.lua`) |
//! | `{reelwork:permits}:allowance:<key>` | hash | what a key of the gateway has used: `rate` the µs until which its rate is used up, and by day and month the millionths of a dollar of its estimates (`scripts/spend.lua`) |
//! | `{reelwork:permits}:paused:<account>` | hash | pauses by hand, by scope: the ms at which each ends (0 = never), a line break, and the pause in JSON |
//! | `{reelwork:permits}:generation`, `:leases` | hash, sorted set | as above |

mod settings;

mod address;
mod keys;
mod slot;
mod tag;

mod connect;
mod dial;
mod encryption;
mod error;
mod link;
mod links;
mod listener;
mod reply;
mod restart;
mod script;
mod server_facts;
mod servers;

mod acceptances;
mod activity;
mod allowances;
mod beside;
mod claims;
mod clocks;
mod codec;
mod durability;
mod erase;
mod following;
mod index;
mod listing;
mod manual_pauses;
mod membership;
mod outbox;
mod permits;
mod proposals;
mod records;
mod safety;
mod scan;
mod shards;
mod slot_limits;
mod spending;
mod waiter_name;
mod waiting;
mod witnesses;

mod ledger;
mod port;

pub use ledger::RedisLedger;
pub use settings::Settings;
