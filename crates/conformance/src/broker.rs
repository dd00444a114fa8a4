//! The tests of the [`Broker`] port. [`broker!`](crate::broker!) makes one test of each case.

mod fixture;
mod journal;
mod lanes;
mod later;
mod overflow;
mod results;
mod settling;
mod webhooks;
mod words;

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;

use ports::Broker;

pub use journal::*;
pub use lanes::*;
pub use later::*;
pub use overflow::*;
pub use results::*;
pub use settling::*;
pub use webhooks::*;
pub use words::*;

/// A broker for one case, and its cleanup.
#[async_trait]
pub trait Opened: Send {
    fn broker(&self) -> Arc<dyn Broker>;

    /// Removes what the case has created, also after a failed case.
    async fn close(self);
}

#[async_trait]
impl Opened for Arc<dyn Broker> {
    fn broker(&self) -> Arc<dyn Broker> {
        self.clone()
    }

    async fn close(self) {}
}

/// Runs one case, then closes what was opened, also after a failure.
pub async fn run<F: Future<Output = ()>>(
    opened: impl Opened,
    case: impl FnOnce(Arc<dyn Broker>) -> F,
) {
    let result = AssertUnwindSafe(case(opened.broker())).catch_unwind().await;
    opened.close().await;
    if let Err(panic) = result {
        resume_unwind(panic);
    }
}

/// One `#[tokio::test]` for each case. The expression is evaluated for each of them: a future of an
/// `Opened` under an empty namespace, such as an `Arc<dyn Broker>`.
#[macro_export]
macro_rules! broker {
    ($open:expr) => {
        $crate::broker! { @cases $open =>
            a_published_job_is_delivered_once_and_gone_when_acknowledged
            lanes_are_kept_apart
            a_key_without_a_lane_is_unroutable
            every_publisher_hears_its_own_fate
            depth_counts_what_is_ready
            a_consumer_holds_no_more_than_its_prefetch
            many_publishers_and_consumers_lose_nothing
            a_good_broker_passes_its_check

            jobs_in_overflow_queues_keep_key_and_order
            calls_wait_in_a_queue_of_their_own
            a_call_comes_again_after_its_delay
            a_job_given_back_to_an_overflow_queue_comes_first

            a_requeue_raises_the_delivery_count
            a_dropped_delivery_comes_back
            cancelling_drains_what_was_taken
            a_delivery_outlives_its_consumer
            a_dropped_consumer_gives_back_what_it_never_showed

            later_comes_back_under_its_key
            what_is_parked_lies_in_dead_with_its_reason
            a_dead_letter_can_be_sent_again
            what_was_taken_can_always_be_put_back_and_parked

            results_reach_every_subscription
            a_named_subscription_keeps_while_nobody_listens
            an_unnamed_subscription_hears_from_now_on
            a_binding_filters
            listeners_of_one_name_share
            a_result_nobody_wants_is_taken_all_the_same

            the_journal_keeps_its_order_and_is_read_again
            the_journal_is_read_from_an_offset
            the_journal_is_read_from_a_moment
            the_end_of_the_journal_is_what_comes_next
            the_journal_reads_on_however_it_is_settled

            a_message_arrives_as_it_was_sent
            a_message_without_extras_arrives_without_them
            a_large_body_comes_back_whole
            a_body_beyond_the_limit_is_refused
        }
    };
    (@cases $open:expr => $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let opened = $open.await;
            $crate::broker::run(opened, $crate::broker::$case).await;
        }
    )*};
}
