//! Takes the provider's key from its file again, so that it can be replaced without a restart.

use std::sync::Arc;
use std::time::Duration;

use daemon::{ConfigError, ExposeSecret, KeyFile, SecretString};
use kling::ApiKey;
use ports::Ledger;

/// How often the file is read. A new key is used when it was read twice.
const LOOK: Duration = Duration::from_millis(500);

pub(crate) struct KeyWatch {
    pub(crate) file: KeyFile,
    pub(crate) key: ApiKey,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) account: String,
}

fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

impl KeyWatch {
    pub(crate) async fn run(self) {
        let (mut problem, mut before) = (None, None);
        loop {
            tokio::time::sleep(LOOK).await;
            // None: the runtime ends.
            let Some(read) = self.read().await else { return };
            match read {
                Ok(key) => {
                    problem = None;
                    // Twice the same: the file is not being written.
                    let is_whole = before.as_ref().is_some_and(|before| is_same(before, &key));
                    if is_whole && self.key.replace(key.clone()) {
                        self.replaced().await;
                    }
                    before = Some(key);
                }
                Err(error) => {
                    before = None;
                    let error = error.to_string();
                    if problem.as_ref() != Some(&error) {
                        tracing::warn!(error, "the provider's key stays as it was");
                    }
                    problem = Some(error);
                }
            }
        }
    }

    async fn read(&self) -> Option<Result<SecretString, ConfigError>> {
        let file = self.file.clone();
        tokio::task::spawn_blocking(move || file.read()).await.ok()
    }

    /// The account may be paused because the key before was refused. If it is paused for another
    /// reason, the next request is refused again, at no cost.
    async fn replaced(&self) {
        tracing::info!(account = %self.account, "the provider's key was replaced");
        let resumed = async {
            if self.ledger.paused(&self.account).await?.is_some() {
                self.ledger.resume(&self.account).await?;
            }
            Ok::<_, ports::LedgerError>(())
        };
        if let Err(error) = resumed.await {
            tracing::warn!(%error, account = %self.account, "a pause of the account ends by itself");
        }
    }
}
