use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lapin::options::{BasicAckOptions, BasicNackOptions};
use ports::{PublishError, Settle};
use tokio::runtime::Handle;

use super::Intake;
use crate::error::cause;

/// The right to settle one delivery. It keeps the delivery's channel open.
pub(crate) struct Ticket {
    pub(crate) intake: Arc<Intake>,
    pub(crate) number: u64,
    pub(crate) is_log: bool,
    pub(crate) timeout: Duration,
    pub(crate) runtime: Handle,
    /// Set before the answer is sent: after that, dropping the ticket sends nothing.
    pub(crate) settled: bool,
}

#[async_trait]
impl Settle for Ticket {
    async fn ack(mut self: Box<Self>) -> Result<(), PublishError> {
        self.settled = true;
        let acking = acknowledge(&self.intake, self.number);
        self.intake.channel.ask_within(self.timeout, acking).await.map_err(unknown)
    }

    async fn requeue(mut self: Box<Self>) -> Result<(), PublishError> {
        self.settled = true;
        let giving = give_back(&self.intake, self.number, self.is_log);
        self.intake.channel.ask_within(self.timeout, giving).await.map_err(unknown)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.settled {
            let (intake, number, is_log) = (self.intake.clone(), self.number, self.is_log);
            self.runtime.spawn(async move {
                if let Err(error) = give_back(&intake, number, is_log).await {
                    tracing::debug!(%error, "a dropped delivery comes again when its channel ends");
                }
            });
        }
    }
}

async fn acknowledge(intake: &Intake, number: u64) -> lapin::Result<()> {
    intake.channel.basic_ack(number, BasicAckOptions::default()).await
}

/// A stream cannot take a message back: a nack would end the whole connection.
pub(super) async fn give_back(intake: &Intake, number: u64, is_log: bool) -> lapin::Result<()> {
    if is_log {
        return acknowledge(intake, number).await;
    }
    let options = BasicNackOptions { multiple: false, requeue: true };
    intake.channel.basic_nack(number, options).await
}

fn unknown(error: lapin::Error) -> PublishError {
    PublishError::Unknown(format!("not settled, it will come again: {}", cause(&error)))
}
