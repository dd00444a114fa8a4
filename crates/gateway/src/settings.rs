use std::net::SocketAddr;
use std::time::Duration;

use job::{CallbackSigner, Rules};

/// What a gateway needs to know besides its doors.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    pub signer: CallbackSigner,
    pub rules: Rules,
    /// How long a proposed task id is kept: longer than a doubt may last, because people look
    /// into parked ones.
    pub keep_for: Duration,
    /// A larger body is refused; a task with its results takes a few KiB.
    pub most_bytes: usize,
    /// Between the first byte of a request and its last header, or between two requests.
    pub head_timeout: Duration,
    /// Connections at once: who has waited longest without a whole request makes place.
    pub connections: usize,
    /// A caller that is slower is sent away.
    pub body_timeout: Duration,
    /// A ledger that is slower counts as away, and the caller may come again.
    pub ledger_timeout: Duration,
    /// Callbacks worked on at once.
    pub concurrency: usize,
}

impl Settings {
    pub fn new(listen: SocketAddr, signer: CallbackSigner, rules: Rules) -> Self {
        Self {
            listen,
            signer,
            rules,
            keep_for: Duration::from_secs(7 * 24 * 3600),
            most_bytes: 256 * 1024,
            head_timeout: Duration::from_secs(5),
            connections: 512,
            body_timeout: Duration::from_secs(5),
            ledger_timeout: Duration::from_secs(2),
            concurrency: 256,
        }
    }
}
