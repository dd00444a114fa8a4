//! The ledger on Redis 6.2 or newer.
//!
//! All decisions are in `job`; Redis compares and writes. Each call of the port is one short Lua
//! script (`scripts/*.lua`) and one round trip; concurrent calls share one connection. Read in this
//! order: [`Settings`], `keys` (names of keys), then `link`, `script`, `reply`, `error` (commands
//! to the server), then `restart`, `server_facts` (checks of a new connection), then
//! [`RedisLedger`], one file for each part of the port, and `port`, which implements its traits
//! with them.
//!
//! A new connection compares the server's run id with the one under which the generation began.
//! After a restart or a failover the last writes may be lost, so the generation ends. Every write
//! returns `GenerationChanged` until a process joins again.
//!
//! The keys that `redis-cli` shows, for the namespace `reelwork` and shard 0 to 3:
//!
//! | key | type | content |
//! |---|---|---|
//! | `{reelwork:0}:job:<tenant>/<id>` | hash | `v` version, `b` the record in JSON, `r` its request and `d` a digest of that, `o` submitting owner, `s` state, `f` 1 if settled, `c` created at, `n` revision, `w` the number of closing entries not announced yet |
//! | `{reelwork:0}:due` | sorted set | job key by the ms at which it is due |
//! | `{reelwork:0}:outbox`, `:outbox:bodies`, `:outbox:tries` | sorted set, hashes | messages to publish |
//! | `{reelwork:0}:generation` | hash | the generation: `id`, `began_at`, `run` the server's run id when it began, `formed` 1 once every tag has it (shard 0 only) |
//! | `{reelwork:0}:leases` | sorted set | owner by the ms at which its lease ends |
//! | `{reelwork:0}:proposed:<tenant>/<id>#<round>` | sorted set | task ids that callbacks named, by the ms at which they arrived |
//! | `{reelwork:0}:task:<length>:<account>:<task id>` | string | the job that has the task: `<tenant>/<id>#<round>` |
//! | `{reelwork:permits}:held:<pool>`, `:used:<pool>`, `:day`, `:pauses` | hash, string, hashes | slots at the provider, the day's submissions, paused accounts |
//! | `{reelwork:permits}:witnesses:<account>` | hash | a task of each operation that the provider is known to have |
//! | `{reelwork:permits}:generation`, `:leases` | hash, sorted set | as above |

mod settings;

mod address;
mod keys;

mod error;
mod link;
mod reply;
mod restart;
mod script;
mod server_facts;

mod beside;
mod claims;
mod codec;
mod durability;
mod erase;
mod following;
mod listing;
mod membership;
mod outbox;
mod permits;
mod proposals;
mod records;
mod safety;
mod witnesses;

mod ledger;
mod port;

pub use ledger::RedisLedger;
pub use settings::Settings;
