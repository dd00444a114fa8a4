//! What the recorder made of a fact is how a delivery ends.

use std::time::Duration;

use job::{Fact, Record};
use ports::{Fence, Stored};
use recorder::{Applied, Intent};

use crate::ending::{Ending, Trouble};
use crate::shared::Shared;

pub(crate) struct Settler<'a> {
    pub(crate) shared: &'a Shared,
}

impl Settler<'_> {
    /// The first record of a job that is not going to be submitted now.
    pub(crate) async fn begin(&self, record: Record, fact: Fact) -> Result<Ending, Trouble> {
        let fence = self.shared.session.fence();
        let begun = Box::pin(self.shared.recorder.begin(&fence, record, fact)).await?;
        Ok(self.ending(begun))
    }

    /// A fact about a record that somebody else may be changing too: once, or later.
    /// `fence`: under which it was read.
    pub(crate) async fn conclude(
        &self,
        fence: &Fence,
        stored: Stored,
        fact: Fact,
    ) -> Result<Ending, Trouble> {
        // Large, as what follows a write is.
        let applied = Box::pin(self.shared.recorder.apply(fence, stored, fact)).await?;
        Ok(self.ending(applied))
    }

    /// What a POST told must reach the ledger, however long that takes: it was paid for.
    pub(crate) async fn record(&self, intent: Intent, fact: Fact) -> Result<Ending, Trouble> {
        let recorder = &self.shared.recorder;
        let record = Box::pin(recorder.answer(intent, fact, &self.shared.abandon)).await?;
        Ok(Ending::of(&record, self.shared.clock.jitter()))
    }

    /// Known already: make sure that the journal knows it too, and be done.
    pub(crate) async fn duplicate(&self, record: &Record) -> Result<Ending, Trouble> {
        self.shared.recorder.journal(record).await?;
        Ok(Ending::Ack)
    }

    /// `false` once the worker must stop waiting.
    pub(crate) async fn wait(&self, rest: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.shared.abandon.cancelled() => false,
            () = self.shared.clock.sleep(rest) => true,
        }
    }

    fn ending(&self, applied: Applied) -> Ending {
        match applied {
            Applied::Done(record) => Ending::of(&record, self.shared.clock.jitter()),
            Applied::Changed(_) => Ending::elsewhere(),
            Applied::Illegal(illegal) => {
                tracing::debug!(%illegal, "overtaken");
                Ending::Ack
            }
        }
    }
}
