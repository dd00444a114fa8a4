use ports::LedgerError;

use crate::RedisLedger;
use crate::link::Repeat;
use crate::scan::Scan;

impl RedisLedger {
    /// Deletes every key of this namespace, for example of a test or a demonstration.
    pub async fn erase(&self) -> Result<(), LedgerError> {
        let mut scan = Scan::of(self, "*");
        while let Some(keys) = scan.next().await? {
            for key in keys {
                // One by one: keys of different tags may be on different nodes of a cluster.
                let mut unlink = redis::cmd("UNLINK");
                unlink.arg(&key);
                let _: u64 = self.at_key(&key).ask(&unlink, Repeat::Safe).await?;
            }
        }
        Ok(())
    }
}
