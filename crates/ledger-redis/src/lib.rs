//! The ledger on Redis 6.2 or newer.
//!
//! Everything that decides is in `job`; Redis compares and writes. Each call of the port is one
//! short Lua script (`scripts/*.lua`) and one round trip, and concurrent calls share one
//! connection. Read in this order: how it is set up ([`Settings`]), what the keys are called
//! (`keys`), how commands reach the server (`link`, `script`, `reply`, `error`), what a new
//! connection checks (`restart`, `server_facts`), [`RedisLedger`], one file for each part of the
//! port, and `port`, which implements its traits with them.
//!
//! A new connection compares the server's run id with the one under which the generation
//! began. After a restart or a failover the last writes may be gone, so the generation ends:
//! every write answers `GenerationChanged` until a process joins again.
//!
//! What a person finds with `redis-cli`, for the namespace `reelwork` and shard 0 to 3:
//!
//! | key | type | holds |
//! |---|---|---|
//! | `{reelwork:0}:job:<tenant>/<id>` | hash | `v` version, `b` the record in JSON, `r` its request and `d` a digest of that, `o` submitting owner, `s` state, `f` 1 when settled, `c` created at, `n` revision, `w` closing entries not announced yet |
//! | `{reelwork:0}:due` | sorted set | job key by the ms at which it is due |
//! | `{reelwork:0}:outbox`, `:outbox:bodies`, `:outbox:tries` | sorted set, hashes | what waits to be published |
//! | `{reelwork:0}:generation` | hash | this life of the memory: `id`, `began_at`, `run` the server that began it, `formed` 1 when every tag has it (shard 0 only) |
//! | `{reelwork:0}:leases` | sorted set | owner by the ms at which its lease ends |
//! | `{reelwork:0}:proposed:<tenant>/<id>#<round>` | sorted set | task ids that callbacks named, by the ms at which they came |
//! | `{reelwork:0}:task:<length>:<account>:<task id>` | string | whose the task is: `<tenant>/<id>#<round>` |
//! | `{reelwork:permits}:held:<pool>`, `:used:<pool>`, `:day`, `:pauses` | hash, string, hashes | slots at the provider, the day's submissions, paused accounts |
//! | `{reelwork:permits}:witnesses:<account>` | hash | a task of each operation that the provider was seen to have |
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
