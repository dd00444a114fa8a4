//! No crash points: broker, ledger and transport are not wrapped.

use std::sync::Arc;

use kling::Transport;
use ports::{Broker, Ledger};

pub(crate) fn broker(inner: Arc<dyn Broker>) -> Arc<dyn Broker> {
    inner
}

pub(crate) fn ledger(inner: Arc<dyn Ledger>) -> Arc<dyn Ledger> {
    inner
}

pub(crate) fn transport(inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
    inner
}
