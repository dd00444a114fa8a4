use std::future::Future;

use crate::refusal::Refusal;

/// An action that has begun is finished, also if the browser goes away meanwhile.
pub(crate) async fn finish<T: Send + 'static>(
    action: impl Future<Output = T> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::spawn(action).await.map_err(|_| Refusal::Cut)
}
