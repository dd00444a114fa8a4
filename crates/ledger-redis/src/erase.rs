use ports::LedgerError;

use crate::RedisLedger;
use crate::link::Repeat;

/// Keys scanned in one step.
const STEP: usize = 1000;

impl RedisLedger {
    /// Deletes every key of this namespace, for example of a test or a demonstration.
    pub async fn erase(&self) -> Result<(), LedgerError> {
        let mut cursor: u64 = 0;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(self.keys.pattern()).arg("COUNT").arg(STEP);
            let (next, keys): (u64, Vec<String>) = self.link.ask(&scan, Repeat::Safe).await?;
            for key in keys {
                // One by one: keys of different tags may be on different nodes of a cluster.
                let mut unlink = redis::cmd("UNLINK");
                unlink.arg(key);
                let _: u64 = self.link.ask(&unlink, Repeat::Safe).await?;
            }
            cursor = next;
            if cursor == 0 {
                return Ok(());
            }
        }
    }
}
