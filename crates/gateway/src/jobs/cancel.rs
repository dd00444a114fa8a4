//! Cancels a job for its client.

use std::sync::Arc;

use job::{JobKey, Record, StateKind};
use operator::{Cancelled, Error};

use super::{Jobs, Known};
use crate::refusal::Refusal;

impl Jobs {
    /// A job that is not known is not cancelled ahead. `name`: what the API calls an id. In a task of
    /// its own: a client that goes away leaves nothing half done.
    pub(crate) async fn cancel(
        self: &Arc<Self>,
        key: &JobKey,
        name: &'static str,
    ) -> Result<Known, Refusal> {
        let known = self.find(key, None, name).await?;
        self.is_complete()?;
        let (jobs, key) = (self.clone(), key.clone());
        let cancelling = async move { jobs.operator.cancel(&key).await };
        match tokio::spawn(cancelling).await {
            Ok(Ok(Cancelled::Job(record))) => Ok(Known::Record(record)),
            // Its message is on its way to a worker.
            Ok(Ok(Cancelled::Unseen)) => Ok(known),
            Ok(Ok(Cancelled::TooLate(record))) => late(record),
            Ok(Err(error)) => Err(refusal_of(error)),
            Err(_) => Err(Refusal::Unfinished),
        }
    }
}

/// Cancelled before is cancelled.
fn late(record: Box<Record>) -> Result<Known, Refusal> {
    match record.state.kind() == StateKind::Cancelled {
        true => Ok(Known::Record(record)),
        false => Err(Refusal::TooLate { state: record.state.word() }),
    }
}

/// Of an operator's action.
pub(super) fn refusal_of(error: Error) -> Refusal {
    match error {
        Error::Ledger(error) => Refusal::Ledger(error),
        Error::Rebuilding => Refusal::Rebuilding,
        Error::Unknown(key) => Refusal::UnknownTask(key.id.to_string()),
        Error::Broker(_)
        | Error::Unjournaled(_)
        | Error::NotInDoubt { .. }
        | Error::NotATask { .. }
        | Error::AccountNotKnown { .. }
        | Error::OthersTask { .. }
        | Error::Illegal(_) => {
            tracing::warn!(%error, "a client's job may be changed in part");
            Refusal::Unfinished
        }
    }
}
