//! The tests of the [`Ledger`] port. [`ledger!`](crate::ledger!) makes one test of each case.

mod acceptances;
mod activity;
mod allowance_model;
mod allowances;
mod due;
mod fixture;
mod following;
mod grants;
mod lists;
mod manual_pauses;
mod membership;
mod outbox;
mod people;
mod permits;
mod proposals;
mod races;
mod rates;
mod records;
mod requests;
mod rooms;
mod shares;
mod slot_limits;
mod spending;
mod waiters;
mod waiting;
mod wakes;

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;

use ports::Ledger;

pub use acceptances::*;
pub use activity::*;
pub use allowance_model::{TimedAllowances, allows_as_decided};
pub use allowances::*;
pub use due::*;
pub use following::*;
pub use grants::*;
pub use lists::*;
pub use manual_pauses::*;
pub use membership::*;
pub use outbox::*;
pub use people::*;
pub use permits::*;
pub use proposals::*;
pub use races::*;
pub use rates::*;
pub use records::*;
pub use requests::*;
pub use rooms::serves_like;
pub use shares::*;
pub use slot_limits::*;
pub use spending::*;
pub use waiting::*;
pub use wakes::*;

/// Every case expects a ledger that was opened with this retention.
pub const RETENTION: Duration = Duration::from_secs(1);

/// A ledger for one case, and its cleanup.
#[async_trait]
pub trait Opened: Send {
    fn ledger(&self) -> Arc<dyn Ledger>;

    /// Removes what the case has created, also after a failed case.
    async fn close(self);
}

#[async_trait]
impl Opened for Arc<dyn Ledger> {
    fn ledger(&self) -> Arc<dyn Ledger> {
        self.clone()
    }

    async fn close(self) {}
}

/// Runs one case, then closes what was opened, also after a failure.
pub async fn run<F: Future<Output = ()>>(
    opened: impl Opened,
    case: impl FnOnce(Arc<dyn Ledger>) -> F,
) {
    let result = AssertUnwindSafe(case(opened.ledger())).catch_unwind().await;
    opened.close().await;
    if let Err(panic) = result {
        resume_unwind(panic);
    }
}

/// One `#[tokio::test]` for each case. The expression is evaluated for each of them: a future of an
/// `Opened` with an empty ledger, such as an `Arc<dyn Ledger>`, whose retention is `RETENTION`.
#[macro_export]
macro_rules! ledger {
    ($open:expr) => {
        $crate::ledger! { @each cases ($open) }
    };
    (@each $use:ident $open:tt) => {
        $crate::ledger! { @$use $open =>
            an_empty_ledger_has_no_generation
            joins_agree_on_one_generation
            a_later_join_keeps_the_generation
            an_ended_lease_fences_every_write
            it_is_known_whether_any_owner_is_alive
            leaving_ends_the_lease_at_once
            renewing_keeps_the_lease
            every_write_of_another_generation_is_refused

            one_owner_follows_and_the_next_goes_on_where_it_was
            a_loss_is_remembered_as_long_as_the_generation
            a_follower_that_dies_is_replaced
            a_generation_is_closed_until_it_is_opened
            a_generation_that_began_at_the_epoch_is_open
            revisions_are_told_in_the_order_asked
            a_distrusted_ledger_keeps_its_records_and_begins_anew

            a_round_counts_once_when_it_ends
            rounds_are_counted_by_slot_pool_and_state

            a_record_is_created_once_and_then_shown
            nothing_is_loaded_where_nothing_is
            a_swap_raises_the_version
            a_swap_from_an_old_version_changes_nothing
            a_swap_of_nothing_is_stale
            a_late_voice_cannot_swap
            a_megabyte_comes_back_whole
            numbers_keep_their_digits
            an_owner_is_alive_while_its_lease_lasts
            only_a_submitting_owner_counts_as_alive
            ids_of_any_kind_are_kept_apart

            whatever_shows_a_record_leaves_its_request_apart
            a_look_keeps_the_request
            a_record_without_a_request_has_none_from_then_on
            another_request_takes_its_place
            no_record_is_created_without_what_it_left_apart
            a_request_goes_with_its_record

            one_of_many_creators_wins
            one_of_two_swaps_wins
            racing_owners_lose_no_write
            random_writes_of_two_owners_are_linear

            what_is_due_comes_in_order
            a_claim_keeps_others_away_and_comes_again
            a_claim_ends_with_the_lease_of_the_owner
            a_claim_leaves_the_version
            a_claim_tells_when_the_next_is_due
            a_claim_keeps_to_its_limit
            two_claimers_never_share
            a_swap_without_due_ends_the_looking
            look_now_brings_it_forward
            look_now_finds_nothing_that_is_not_due_some_day

            an_entry_is_claimed_until_announced
            an_entry_comes_back_as_it_was_written
            the_writer_keeps_its_entries_for_a_while
            the_same_entry_twice_leaves_one
            a_postponed_entry_comes_back_with_its_tries
            a_stale_swap_adds_no_entry
            announcing_again_or_the_unknown_is_harmless
            a_claim_of_entries_keeps_to_its_limit
            a_closed_record_expires
            only_a_closing_entry_begins_the_retention
            the_last_of_its_closing_entries_begins_the_retention
            a_parked_record_never_expires
            a_tombstone_expires_by_itself
            a_record_that_moved_on_stays
            a_record_that_moves_on_during_its_retention_stays

            permits_are_exact_under_many_takers
            taking_twice_counts_once
            a_wider_request_takes_the_difference
            a_wider_request_for_a_newer_reason_gives_up_what_it_held
            a_wider_request_without_a_limit_counts_in_full
            giving_twice_gives_once
            a_late_return_does_not_take_a_slot_from_who_asked_since
            a_held_slot_that_is_asked_for_is_free_where_too_many_are_held
            held_permits_are_shown
            what_was_left_behind_is_given_back_once
            pools_do_not_share_slots
            one_owner_at_a_time_has_the_turn_of_a_pool
            a_turn_that_nobody_ends_is_over_by_itself
            a_turn_is_refused_to_whoever_lost_its_lease
            zero_is_no_limit
            a_day_has_its_limit
            the_submissions_of_a_day_are_counted_for_each_account
            an_unspent_return_gives_the_day_its_submission_back

            a_slot_limit_is_changed_by_one_of_many
            no_more_slots_are_granted_than_were_found
            slots_begin_where_nothing_was_found
            a_pause_of_the_provider_holds_for_all
            a_job_too_wide_for_the_found_slots_waits_for_more
            a_changed_slot_limit_wakes_those_that_wait

            submissions_of_an_account_keep_to_its_rate
            submissions_of_a_tenant_keep_to_its_rate
            a_rate_lets_waiting_jobs_go_first

            waiting_jobs_get_slots_in_order
            waiting_jobs_come_before_others
            entering_again_keeps_the_place
            a_wide_job_keeps_its_place_until_it_fits
            a_job_that_never_fits_leaves_the_room
            the_days_limit_holds_for_grants
            a_withdrawn_job_is_granted_nothing
            waiting_jobs_are_shown_by_tenant
            waiting_jobs_are_counted_by_tenant
            waiting_jobs_of_a_tenant_are_listed
            a_tenant_gets_no_more_than_its_slots
            waiting_jobs_come_before_others_of_a_tenant_with_a_limit
            many_granters_fill_exactly_the_slots
            a_freed_slot_wakes_waiters
            a_wide_job_that_leaves_wakes_waiters
            slots_given_back_by_a_request_wake_waiters
            tenants_are_served_by_their_weights
            a_costly_job_counts_for_many_cheap_ones
            a_flood_does_not_stand_before_a_single_job
            ever_new_tenants_do_not_starve_one_with_many_jobs
            priorities_of_a_tenant_share_and_none_starves
            a_tenant_at_its_limit_is_passed_over
            a_tenant_at_its_limit_saves_up_no_credit
            a_grant_that_nobody_confirms_is_found
            a_job_that_waits_again_pays_its_submission_once
            the_latest_revision_of_a_waiting_job_decides
            a_granted_job_waits_again_at_a_later_revision_only
            a_grant_counts_also_without_its_slots
            permits_of_several_pools_are_confirmed_and_withdrawn
            a_room_is_closed_to_whoever_lost_its_lease
            a_paused_tenant_is_passed_over
            many_paused_tenants_hide_nobody

            a_proposal_needs_no_record_and_expires
            proposals_are_few_and_in_order
            proposals_of_jobs_and_rounds_are_kept_apart
            a_task_has_one_owner
            one_of_many_claimers_owns_a_task
            accounts_do_not_share_tasks
            the_owner_of_a_task_is_found
            an_owner_is_found_with_its_account_only

            the_first_acceptance_stands_until_it_expires
            an_earlier_acceptance_gives_way
            only_the_acceptance_that_is_kept_is_published
            one_of_many_requests_is_accepted

            a_minute_s_requests_may_be_made_at_once
            a_used_up_rate_is_refilled_evenly
            many_requests_at_once_never_exceed_a_rate
            many_requests_at_once_never_exceed_a_budget
            each_budget_holds_until_its_period_is_over
            a_refused_request_uses_nothing
            no_budget_holds_a_request_without_a_price
            keys_do_not_share_what_they_use
            what_is_given_back_may_be_spent_again
            requests_are_allowed_as_the_decision_says

            a_pause_lasts_until_resumed
            pauses_are_listed_by_account
            a_pause_by_hand_lasts_until_it_is_resumed
            a_pause_by_hand_ends_by_itself
            pauses_by_hand_are_counted
            pauses_by_hand_and_automatic_ones_are_apart
            what_is_reserved_is_counted_once_and_settled_once
            a_cap_is_exact_under_fifty_takers
            each_cap_holds_until_its_period_is_over
            refused_and_unpriced_jobs_are_counted
            what_was_left_behind_is_settled_as_it_was_held
            ever_new_tenants_are_counted_together
            spending_is_closed_to_whoever_lost_its_lease
            the_newest_witness_of_each_operation_is_kept
            a_list_shows_the_newest_first
            a_list_takes_only_what_is_asked_for
            a_list_takes_an_operation_and_a_time
            pages_have_every_record_once
            a_record_is_listed_where_it_is_now
            a_forgotten_record_is_not_listed
            a_visit_meets_all_that_it_asks_for
            a_good_ledger_passes_its_check
        }
    };
    (@cases $open:expr => $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let opened = $open.await;
            $crate::ledger::run(opened, $crate::ledger::$case).await;
        }
    )*};
    (@list $type:ty => $($case:ident)*) => {
        vec![$((stringify!($case), (|ledger| Box::pin($case(ledger))) as $type)),*]
    };
}

/// One case.
pub type Case = fn(Arc<dyn Ledger>) -> Pin<Box<dyn Future<Output = ()>>>;

/// All cases with their names, for a ledger that takes long to start.
pub fn cases() -> Vec<(&'static str, Case)> {
    crate::ledger! { @each list Case }
}
