//! What is paused, by refusals of the provider and by hand.

use job::{ManualPause, Timestamp};
use ports::{Ledger, LedgerError, NamedPause, Pause};
use serde::Serialize;

use crate::view::PauseView;

/// An account whose requests the provider refused.
#[derive(Debug, Serialize)]
struct RefusedAccount {
    account: String,
    reason: String,
    since: String,
    /// When one job may try again.
    until: String,
}

/// Of all accounts.
#[derive(Debug, Default, Serialize)]
pub(super) struct Paused {
    paused: Vec<RefusedAccount>,
    paused_by_hand: Vec<PauseView>,
    #[serde(skip)]
    words: Vec<String>,
}

impl Paused {
    pub(super) async fn of(
        names: &[String],
        ledger: &dyn Ledger,
        now: Timestamp,
    ) -> Result<Self, LedgerError> {
        let mut all = Self::default();
        for name in names {
            for NamedPause { name: paused, pause } in ledger.pauses(name).await? {
                if paused == *name && pause.until > now {
                    all.add_refused(name, pause);
                }
            }
            for pause in ledger.paused_by_hand(name).await? {
                all.add_by_hand(name, &pause);
            }
        }
        Ok(all)
    }

    fn add_refused(&mut self, account: &str, Pause { reason, since, until }: Pause) {
        self.words.push(format!("account {account} is paused until {until}: {reason}"));
        let (account, since, until) = (account.to_owned(), since.to_string(), until.to_string());
        self.paused.push(RefusedAccount { account, reason, since, until });
    }

    fn add_by_hand(&mut self, account: &str, pause: &ManualPause) {
        self.words.push(format!("account {account}: {}", pause.words()));
        self.paused_by_hand.push(PauseView::of(account, pause));
    }

    pub(super) fn words(&self) -> &[String] {
        &self.words
    }
}
