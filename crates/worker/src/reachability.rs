//! A query that costs nothing, before a request that may cost a slot.

use std::time::Duration;

use job::Resource;
use kling::Route;

use crate::intake::Intake;
use crate::shared::Shared;

/// Between two queries.
pub(crate) const QUERY_AGAIN: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(3);
/// A gateway may never answer queries about tasks that it does not know: then a request probes.
const MOST_QUERIES: u32 = 15;
const MOST_QUERIES_EVER: u32 = 300;

/// Queries without an answer since the lane was last open.
#[derive(Default)]
pub(crate) struct Queries(u32);

impl Queries {
    /// Whether the next request may be sent. A query is made only after unclear answers.
    pub(crate) async fn allow(
        &mut self,
        shared: &Shared,
        intake: &Intake,
        resource: Resource,
    ) -> bool {
        let unclear = intake.unclear();
        if unclear == 0 || self.0 >= most(unclear) || is_up(shared, resource).await {
            self.0 = 0;
            return true;
        }
        self.0 += 1;
        false
    }
}

/// Pure. Where no query is ever answered, each request may hold one more slot.
fn most(unclear: u32) -> u32 {
    let doubled = 2u32.saturating_pow((unclear - 1).min(8));
    MOST_QUERIES.saturating_mul(doubled).min(MOST_QUERIES_EVER)
}

async fn is_up(shared: &Shared, resource: Resource) -> bool {
    let query = shared.kling.is_up(typical_route(resource));
    tokio::time::timeout(PATIENCE, query).await.unwrap_or(false)
}

/// The route that stands for its resource.
pub(crate) fn typical_route(resource: Resource) -> Route {
    match resource {
        Resource::Videos => Route::VideosText2video,
        Resource::Images => Route::ImagesGenerations,
        Resource::Audio => Route::AudioTextToAudio,
    }
}

#[cfg(test)]
mod tests {
    use super::most;

    #[test]
    fn a_gateway_that_answers_no_query_is_tried_ever_more_rarely() {
        assert_eq!([1, 2, 3, 6, 40].map(most), [15, 30, 60, 300, 300]);
    }
}
