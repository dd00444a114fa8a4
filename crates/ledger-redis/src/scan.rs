use ports::LedgerError;

use crate::RedisLedger;
use crate::link::{Link, Repeat};

/// Keys looked at in one step: a step blocks all other callers.
const STEP: usize = 1000;

/// Lists keys in steps. In a cluster each tag is scanned at its own server.
pub(crate) struct Scan<'a> {
    /// Links with patterns that remain; the last one is being scanned.
    left: Vec<(&'a Link, String)>,
    cursor: u64,
    /// The server process that gave the cursor, which means nothing to another one.
    run_id: Option<String>,
}

impl<'a> Scan<'a> {
    /// `names`: a glob for what follows the tag in a key.
    pub(crate) fn of(ledger: &'a RedisLedger, names: &str) -> Self {
        let left = match ledger.links.are_many() {
            true => {
                ledger.keys.all().map(|tag| (ledger.links.of(tag), tag.pattern(names))).collect()
            }
            false => vec![(ledger.links.first(), ledger.keys.pattern(names))],
        };
        Self { left, cursor: 0, run_id: None }
    }

    /// The keys of one step; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<String>>, LedgerError> {
        let Some((link, pattern)) = self.left.last() else { return Ok(None) };
        let mut command = redis::cmd("SCAN");
        command.arg(self.cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(STEP);
        let (next, keys): (u64, Vec<String>) = link.ask(&command, Repeat::Safe).await?;
        let run_id = link.facts().await?.run_id().to_owned();
        if self.run_id.as_ref().is_some_and(|before| *before != run_id) {
            let text = "the server changed while its keys were listed";
            return Err(LedgerError::Unavailable(text.to_owned()));
        }
        (self.cursor, self.run_id) = (next, Some(run_id));
        if next == 0 {
            self.left.pop();
            self.run_id = None;
        }
        Ok(Some(keys))
    }
}
