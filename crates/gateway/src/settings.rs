use std::net::SocketAddr;
use std::time::Duration;

use job::{CallbackSigner, Rules};

/// The configuration of a gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    pub signer: CallbackSigner,
    pub rules: Rules,
    /// How long a proposed task id is stored: longer than a doubt may last, because operators look
    /// into parked jobs.
    pub keep_for: Duration,
    /// A larger body is refused; a task with its results has a few KiB.
    pub most_bytes: usize,
    /// Between the first byte of a request and its last header, or between two requests.
    pub head_timeout: Duration,
    /// Maximum number of connections: the one longest without a whole request is closed.
    pub connections: usize,
    /// A caller that sends its body more slowly is refused.
    pub body_timeout: Duration,
    /// If the ledger is slower, the callback is refused and the caller may repeat it.
    pub ledger_timeout: Duration,
    /// Maximum number of callbacks handled at once.
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
