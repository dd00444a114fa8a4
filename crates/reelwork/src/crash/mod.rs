//! Crash points: this process can be made to die before and after every external effect.
//!
//! Compiled in for tests only. Broker, ledger and transport are wrapped, so no other code depends
//! on it. Nothing happens until the file named by `CRASH_POINTS_FILE` exists. Each of its lines has
//! a point and an action of the crate `fail`: `ledger.swap.after=return` to die, or any other. The
//! process that removes the file dies, so of many processes exactly one does.

mod broker;
mod effect;
mod ledger;
mod orders;
mod transport;

use std::sync::Arc;

use kling::Transport;
use ports::{Broker, Ledger};

use crate::output::Output;
use effect::{Effect, Moment};

/// All points, numbered from 1 in the order in which a job causes them.
pub(crate) fn list(output: &Output) {
    for (index, point) in effect::points().enumerate() {
        let number = index + 1;
        let row = serde_json::json!({ "number": number, "point": point });
        output.result(&row, || format!("{number:3}  {point}"));
    }
}

pub(crate) fn broker(inner: Arc<dyn Broker>) -> Arc<dyn Broker> {
    match orders::expected() {
        true => Arc::new(broker::Crashing::new(inner)),
        false => inner,
    }
}

pub(crate) fn ledger(inner: Arc<dyn Ledger>) -> Arc<dyn Ledger> {
    match orders::expected() {
        true => Arc::new(ledger::Crashing::new(inner)),
        false => inner,
    }
}

pub(crate) fn transport(inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
    match orders::expected() {
        true => Arc::new(transport::Crashing::new(inner)),
        false => inner,
    }
}

/// Runs an effect between its two points.
async fn around<T>(effect: Effect, doing: impl Future<Output = T>) -> T {
    orders::reach(effect, Moment::Before);
    let done = doing.await;
    orders::reach(effect, Moment::After);
    done
}
