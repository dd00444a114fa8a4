//! Reads the pauses by hand for all lanes of this worker, and pauses and resumes the intakes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use job::{ManualPause, PauseScope, Resource};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::intake::Intake;
use crate::shared::Shared;

const EVERY: Duration = Duration::from_millis(500);
/// After a call that failed: what is known becomes too old to send by soon.
const AGAIN: Duration = Duration::from_millis(100);
/// A connection that hangs must not keep the next call waiting.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct PauseReader {
    pub(crate) shared: Arc<Shared>,
    pub(crate) intakes: BTreeMap<Resource, Arc<Intake>>,
    pub(crate) stop: CancellationToken,
}

impl PauseReader {
    pub(crate) async fn run(self) {
        self.stop.run_until_cancelled(self.read_on()).await;
    }

    async fn read_on(&self) {
        let mut before = BTreeMap::new();
        loop {
            let began = Instant::now();
            let wait = if self.read(began).await { EVERY } else { AGAIN };
            before = self.apply(before);
            let rest = wait.saturating_sub(began.elapsed()).max(AGAIN);
            self.shared.clock.sleep(rest).await;
        }
    }

    /// What could not be read stays as it is known.
    async fn read(&self, began: Instant) -> bool {
        let account = &self.shared.settings.account;
        let reading = timeout(PATIENCE, self.shared.ledger.paused_by_hand(account));
        match reading.await {
            Ok(Ok(pauses)) => {
                self.shared.manual_pauses.were_read(pauses, began);
                return true;
            }
            Ok(Err(error)) => tracing::debug!(%error, "the pauses by hand could not be read"),
            Err(_) => tracing::debug!("the pauses by hand could not be read in time"),
        }
        false
    }

    /// Returns what is in force now.
    fn apply(
        &self,
        before: BTreeMap<PauseScope, ManualPause>,
    ) -> BTreeMap<PauseScope, ManualPause> {
        let now = self.shared.manual_pauses.in_force(self.shared.clock.now());
        for (resource, intake) in &self.intakes {
            let pause = now.iter().find(|pause| pause.stops_lanes_of(*resource));
            intake.set_manual_pause(pause.map(ManualPause::words));
        }
        let now = now.into_iter().map(|pause| (pause.scope.clone(), pause)).collect();
        if now != before {
            report(&before, &now);
            self.shared.manual_pauses.have_changed();
        }
        now
    }
}

fn report(before: &BTreeMap<PauseScope, ManualPause>, now: &BTreeMap<PauseScope, ManualPause>) {
    for pause in now.values().filter(|pause| before.get(&pause.scope) != Some(pause)) {
        tracing::warn!("{}", pause.words());
    }
    for scope in before.keys().filter(|scope| !now.contains_key(scope)) {
        tracing::info!("the pause by hand has ended: {scope}");
    }
}
