//! Hands facts to the recorder, and maps what it wrote to what becomes of the delivery.

use std::time::Duration;

use job::{Disposition, Fact, Record};
use ports::{Fence, Stored};
use recorder::{Applied, Intent};

use crate::error::Error;
use crate::shared::Shared;

impl Shared {
    /// The first record of a job that is not submitted now. `fence`: read before the ledger was found
    /// to know all jobs. A later one may be of a ledger that has lost this one.
    pub(crate) async fn begin(
        &self,
        fence: &Fence,
        record: Record,
        fact: Fact,
    ) -> Result<Disposition, Error> {
        // Boxed: the futures of the recorder are large.
        let applied = Box::pin(self.recorder.begin(fence, record, fact)).await?;
        Ok(self.disposition(applied))
    }

    /// A fact about a record that others may be changing too. One try; the delivery returns if it
    /// fails. `fence`: under which the record was read.
    pub(crate) async fn apply(
        &self,
        fence: &Fence,
        stored: Stored,
        fact: Fact,
    ) -> Result<Disposition, Error> {
        let applied = Box::pin(self.recorder.apply(fence, stored, fact)).await?;
        Ok(self.disposition(applied))
    }

    /// The answer to a POST. It is paid for, so this repeats until the ledger has it.
    pub(crate) async fn record(&self, intent: Intent, fact: Fact) -> Result<Disposition, Error> {
        let record = Box::pin(self.recorder.answer(intent, fact, &self.abandon)).await?;
        Ok(record.disposition(self.clock.jitter()))
    }

    /// A known job: it must be in the journal before its message is acknowledged.
    pub(crate) async fn duplicate(&self, record: &Record) -> Result<Disposition, Error> {
        self.recorder.journal(record).await?;
        Ok(Disposition::Ack)
    }

    /// `false` once the worker must stop waiting.
    pub(crate) async fn wait(&self, time: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.abandon.cancelled() => false,
            () = self.clock.sleep(time) => true,
        }
    }

    fn disposition(&self, applied: Applied) -> Disposition {
        match applied {
            Applied::Done(record) => record.disposition(self.clock.jitter()),
            Applied::Changed(_) => Disposition::elsewhere(),
            Applied::Illegal(illegal) => {
                tracing::debug!(%illegal, "overtaken");
                Disposition::Ack
            }
        }
    }
}
