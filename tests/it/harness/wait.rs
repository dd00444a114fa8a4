//! Waits for a condition, never for a fixed time.

use std::time::Duration;

use tokio::time::Instant;

const DEADLINE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(25);

/// Checks the condition until it is true.
pub(crate) async fn until(what: &str, is_so: impl AsyncFnMut() -> bool) {
    until_within(DEADLINE, what, is_so).await;
}

pub(crate) async fn until_within(
    patience: Duration,
    what: &str,
    mut is_so: impl AsyncFnMut() -> bool,
) {
    let deadline = Instant::now() + patience;
    while !is_so().await {
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        tokio::time::sleep(LOOK).await;
    }
}

pub(crate) async fn soon<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(DEADLINE, waiting).await;
    result.unwrap_or_else(|_| panic!("not within {DEADLINE:?}: {what}"))
}
