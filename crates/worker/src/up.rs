//! A question that costs nothing, before a request that may cost a slot.

use std::time::Duration;

use job::Resource;
use kling::Route;

use crate::gate::Gate;
use crate::shared::Shared;

/// Between two questions.
pub(crate) const ASK_AGAIN: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(3);
/// A gateway may never answer questions about tasks it does not know: then a request tries.
const MOST_QUESTIONS: u32 = 15;
const MOST_QUESTIONS_EVER: u32 = 300;

/// Questions without an answer since the lane was last open.
#[derive(Default)]
pub(crate) struct Questions(u32);

impl Questions {
    /// Whether the next request may be sent. Only after unclear answers is anything asked.
    pub(crate) async fn allow(&mut self, shared: &Shared, gate: &Gate, resource: Resource) -> bool {
        let unclear = gate.unclear();
        if unclear == 0 || self.0 >= most(unclear) || is_up(shared, resource).await {
            self.0 = 0;
            return true;
        }
        self.0 += 1;
        false
    }
}

/// Pure. Where nothing is ever answered, each request may hold one more slot.
fn most(unclear: u32) -> u32 {
    let doubled = 2u32.saturating_pow((unclear - 1).min(8));
    MOST_QUESTIONS.saturating_mul(doubled).min(MOST_QUESTIONS_EVER)
}

async fn is_up(shared: &Shared, resource: Resource) -> bool {
    let asked = shared.kling.is_up(usual(resource));
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(false)
}

/// The route that stands for its resource.
pub(crate) fn usual(resource: Resource) -> Route {
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
    fn a_gateway_that_answers_no_question_is_tried_ever_more_rarely() {
        assert_eq!([1, 2, 3, 6, 40].map(most), [15, 30, 60, 300, 300]);
    }
}
