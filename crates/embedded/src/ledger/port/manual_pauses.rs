use async_trait::async_trait;
use job::{ManualPause, PauseScope};
use ports::{LedgerError, ManualPauses};

use crate::ledger::{FileLedger, manual_pauses, row};

#[async_trait]
impl ManualPauses for FileLedger {
    async fn pause_by_hand(&self, account: &str, pause: &ManualPause) -> Result<bool, LedgerError> {
        let (ns, body) = (self.store.ns, row::to_json(account, pause)?);
        let (account, pause) = (account.to_owned(), pause.clone());
        self.write(move |tx| Ok(manual_pauses::set(tx, ns, &account, &pause, &body)?)).await
    }

    async fn resume_by_hand(&self, account: &str, scope: &PauseScope) -> Result<bool, LedgerError> {
        let (ns, account, scope) = (self.store.ns, account.to_owned(), scope.to_string());
        self.write(move |tx| Ok(manual_pauses::clear(tx, ns, &account, &scope)?)).await
    }

    async fn paused_by_hand(&self, account: &str) -> Result<Vec<ManualPause>, LedgerError> {
        let (ns, asked) = (self.store.ns, account.to_owned());
        let bodies =
            self.read(move |sql| Ok(manual_pauses::all(sql, ns, &asked, row::now())?)).await?;
        let read =
            bodies.iter().map(|body| row::from_json::<ManualPause>(account, body.as_bytes()));
        let mut pauses: Vec<_> = read.filter_map(|pause| self.unreadable.skip(pause)).collect();
        pauses.sort_by(|a, b| a.scope.cmp(&b.scope));
        Ok(pauses)
    }
}
