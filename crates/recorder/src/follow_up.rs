//! What follows from a write: permits and the waiting room first, then the journal, then the
//! announcement. An outcome that can be queried again at the provider is announced before it is
//! journaled: see `announce`.

use job::{Record, State, StateKind};
use ports::{PermitReturn, Settlement};

use crate::announces::{Announces, Earlier};
use crate::plan::Plan;
use crate::recorder::{Error, Recorder};
use crate::writer::Written;

impl Recorder {
    /// Called once `plan` is in the ledger.
    pub(crate) async fn follow_up(
        &self,
        plan: Plan,
        written: Written,
        earlier: Earlier,
    ) -> Result<Box<Record>, Error> {
        self.report(&plan);
        self.give_back(&plan).await;
        self.settle_reservation(&plan).await;
        self.follow_in_room(&plan).await?;
        match &self.announces {
            Announces::Later => {
                let (journaled, ()) =
                    tokio::join!(self.journal(plan.record()), self.note_owners(plan.record()));
                journaled?;
            }
            Announces::Itself(_) if written.outbox.is_empty() => self.journal_news(&plan).await?,
            Announces::Itself(_) => {
                // First: whoever hears of a file may ask for a task that builds on it.
                self.note_owners(plan.record()).await;
                self.announce_all(written, plan.record(), earlier).await?;
            }
        }
        Ok(Box::new(plan.into_record()))
    }

    async fn announce_all(
        &self,
        written: Written,
        record: &Record,
        earlier: Earlier,
    ) -> Result<(), Error> {
        for entry in written.outbox {
            self.announce(entry, Some(record), earlier).await?;
        }
        Ok(())
    }

    async fn journal_news(&self, plan: &Plan) -> Result<(), Error> {
        let is_unsettled =
            matches!(plan.record().state, State::Pending { .. } | State::InDoubt { .. });
        match plan.is_news() && is_unsettled {
            true => self.journal(plan.record()).await,
            false => Ok(()),
        }
    }

    /// The reconciler finds a permit that was not given back.
    pub(crate) async fn give_back(&self, plan: &Plan) {
        let returns = PermitReturn::of(&plan.step);
        if let Announces::Itself(batcher) = &self.announces {
            return batcher.give_back(returns).await;
        }
        if returns.is_empty() {
            return;
        }
        let fence = self.session.fence();
        if let Err(error) = self.writer.ledger.give_permits(&fence, &returns).await {
            tracing::warn!(%error, "a permit was not given back yet");
        }
    }

    /// The reconciler finds a reservation that was not settled.
    async fn settle_reservation(&self, plan: &Plan) {
        let (settlements, account) = (Settlement::of(&plan.step), &plan.record().account);
        if let Announces::Itself(batcher) = &self.announces {
            return batcher.settle_reservations(account, settlements).await;
        }
        if settlements.is_empty() {
            return;
        }
        let (fence, ledger) = (self.session.fence(), &self.writer.ledger);
        if let Err(error) = ledger.settle_reservations(&fence, account, &settlements).await {
            tracing::warn!(%error, "a reservation was not settled yet");
        }
    }

    /// Whose the task is, and its files once there are any: later requests may name both.
    async fn note_owners(&self, record: &Record) {
        let Some(task) = record.task_id.as_deref().filter(|_| self.notes_owners) else { return };
        self.note_owner(record, task).await;
        self.note_files(record).await;
    }

    /// The outcome is not held up by them. Nothing is noted unless owners are.
    pub async fn note_files(&self, record: &Record) {
        if !self.notes_owners {
            return;
        }
        for file in record.file_ids() {
            match self.writer.own(&self.session.fence(), record, file).await {
                Ok(true) => {}
                Ok(false) => tracing::debug!(file, "the file is another job's"),
                // The others would fail, too, and take time.
                Err(error) => return tracing::debug!(%error, file, "not noted whose the file is"),
            }
        }
    }

    async fn note_owner(&self, record: &Record, task: &str) {
        match self.writer.own(&self.session.fence(), record, task).await {
            Ok(true) => {}
            Ok(false) => tracing::error!(task, "the task is another job's"),
            Err(error) => tracing::warn!(%error, "not noted whose the task is"),
        }
    }

    /// A look that finds a task still running is not logged. The change of a task's status is an
    /// event of the span in which it was looked at.
    fn report(&self, plan: &Plan) {
        let looks = matches!(self.announces, Announces::Itself(_));
        if looks && !plan.is_news() {
            return;
        }
        let (record, was) = (plan.record(), plan.was().map(StateKind::word));
        let state = record.state.word();
        if looks {
            tracing::info!(name: "kling.status_changed", from = was, to = state);
        }
        let what = record.history.last().map_or("", |entry| entry.what.as_str());
        let task = record.task_id.as_deref();
        tracing::info!(state, was, round = record.round, task, "{what}");
    }
}
