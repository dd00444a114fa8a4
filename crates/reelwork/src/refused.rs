//! Accounts that the provider refuses.

use std::sync::Weak;

use ports::{Clock, Ledger, Pause};
use recorder::Session;

/// Why the provider refuses an account, while it does. `None` also when the ledger does not answer:
/// another check reports that.
pub(crate) async fn refused(
    ledger: &dyn Ledger,
    account: &str,
    session: &Weak<Session>,
) -> Option<Pause> {
    let pause = ledger.paused(account).await.ok().flatten()?;
    (pause.until > session.upgrade()?.now()).then_some(pause)
}
