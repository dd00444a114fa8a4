//! TLS to the servers that the configuration names. `files` and `pem` read what they are reached
//! with; `refusal` says why a handshake failed, and who can change that.

mod files;
mod pem;
mod refusal;

pub use files::{Client, FileError, FileKey, Files, Read};
pub use pem::{Pem, certificates};
pub use refusal::{Refusal, Section};
