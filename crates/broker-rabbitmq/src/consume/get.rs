//! Takes single messages on request, on a channel that is kept for this.

use std::sync::Arc;

use job::Lane;
use lapin::options::BasicGetOptions;
use ports::{BrokerError, Delivery};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::holder::Holder;
use super::source::fixed;
use super::{Intake, kind_of};
use crate::Settings;
use crate::connection::BrokerConnection;
use crate::error::using;
use crate::names::Names;

/// Handles one request at a time.
#[derive(Default)]
pub(crate) struct Getting {
    intake: Mutex<Option<Arc<Intake>>>,
}

impl Getting {
    pub(crate) async fn get(
        &self,
        connection: Arc<BrokerConnection>,
        names: &Names,
        lane: Lane,
        settings: &Settings,
    ) -> Result<Option<Delivery>, BrokerError> {
        let source = ports::Source::Lane(lane);
        let queue = fixed(names, &source)?;
        let thing = format!("queue {queue}");
        let mut kept = self.intake.lock().await;
        let intake = match kept.take() {
            Some(intake) if intake.channel.is_open() => intake,
            _ => {
                let channel =
                    connection.channel().await.map_err(|error| using("a channel", &error))?;
                Arc::new(Intake::new(channel, connection))
            }
        };
        let getting = intake.channel.basic_get(queue, BasicGetOptions { no_ack: false });
        let got = intake.channel.ask(getting).await.map_err(|error| using(&thing, &error))?;
        *kept = Some(intake.clone());
        let (timeout, spans) = (settings.publish_timeout, settings.spans);
        let holder = Holder { intake, timeout, spans, runtime: Handle::current() };
        Ok(got.map(|got| holder.delivery(&kind_of(names, &source), got.delivery)))
    }
}
