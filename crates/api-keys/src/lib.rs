//! The keys of the gateway's clients: whose jobs they are, and what a client may do.
//!
//! A file has one entry for each key, with a hash of it ([`KeyFile`]). [`Keys::find`] tells which key
//! a client has shown: the key itself ([`text`]), or a token that was signed with a pair of keys, as
//! clients of Kling do (`token`).

mod entry;
mod file;
mod find;
mod ring;
mod row;
mod scope;
pub mod text;
mod token;

pub use entry::{ApiKey, Credential};
pub use file::{FileError, KeyFile, Stamp};
pub use find::{BadKey, Keys};
pub use ring::KeyRing;
pub use scope::Scope;
