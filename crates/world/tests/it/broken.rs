//! A simulation that finds nothing must be able to find something: every deliberate mistake is
//! found within a few worlds, and the seed is reported.

#![allow(clippy::print_stderr, reason = "the seed is what a person wants to see")]

use world::{Broken, Plan, Report, run};

/// Worlds in which a mistake may go unnoticed.
const WORLDS: u64 = 300;

const JOBS: u32 = 60;

type World = fn(u64, u32) -> Plan;

fn caught(broken: Broken, by: &str, world: World) -> Option<Report> {
    let tells = |report: &Report| report.violations.iter().any(|what| what.contains(by));
    (1..=WORLDS).map(|seed| run(&world(seed, JOBS), Some(broken), false)).find(tells)
}

fn is_caught(broken: Broken, by: &str, world: World) {
    let Some(report) = caught(broken, by, world) else {
        panic!("{broken:?} was not noticed in {WORLDS} worlds");
    };
    let seed = report.seed;
    eprintln!("{broken:?} is caught by seed {seed}: {}", report.violations.join("; "));
    let honest = run(&world(seed, JOBS), None, false);
    assert!(honest.is_good(), "the honest program fails there too: {:?}", honest.violations);
}

macro_rules! caught {
    ($world:expr; $($name:ident: $broken:ident by $by:literal)*) => {$(
        #[test]
        fn $name() {
            is_caught(Broken::$broken, $by, $world);
        }
    )*};
}

caught! {
    Plan::of;
    an_ack_before_the_record: AckBeforeRecord by "no record"
    a_missing_fence: NoFence by "late"
    a_resubmit_on_timeout: ResubmitOnTimeout by "paid twice"
    an_announcement_before_the_write: AnnounceBeforeWrite by "before it was written"
    permits_that_are_not_counted: PermitsNotCounted by "ran at once"
    permits_that_are_kept: PermitsKept by "permit"
    a_denial_believed_at_once: EagerDenial by "paid twice"
    an_external_id_for_every_post: FreshExternalIds by "paid twice"
    event_ids_that_change: RandomEventIds by "several event ids"
    an_outbox_that_is_not_written: OutboxForgotten by "nobody was told"
    an_intent_that_is_not_written: IntentInMemory by "paid twice"
    work_that_never_rests: Restless by "more than the work explains"
    a_job_without_its_place_in_the_waiting_room: PlaceForgotten by "is still waiting"
    a_forgetful_ledger_that_is_open_at_once: OpenAtOnce by "ran at once"
    a_journal_that_is_not_written: JournalForgotten by "paid twice"
    slots_that_are_not_recounted: SlotsNotRecounted by "ran at once"
    a_callback_that_is_believed: CallbackBelieved by "still pending"
    an_id_that_is_used_again_as_it_was: LivesConfused by "of its first life"
    a_slot_that_is_freed_early: SlotsFreedEarly by "ran at once"
    a_server_error_that_counts_as_unsent: ResubmitOnServerError by "paid twice"
    trouble_of_the_way_taken_for_a_refusal: TroubleTakenForRefusal by "was right, and was rejected"
    tombstones_that_stay_in_a_rebuilt_ledger: TombstonesStay by "is still cancelled"
    a_letter_whose_repeat_begins_a_round: LetterAnew by "paid twice"
    a_page_taken_for_the_providers_refusal: PagesTakenForRefusals by "was right, and was rejected"
    a_success_without_a_file_taken_for_a_failure: NoFileIsFailure by "paid twice"
    a_paused_tenant_that_is_sent_on: TenantsNotPaused by "was POSTed although tenant"
    grants_that_ignore_a_pause: PausesIgnoredByGrants by "more than the work explains"
}

// Rare in a world with other faults.
caught! {
    Plan::blackouts;
    a_producers_clock_that_is_believed: ClocksBelieved by "paid twice"
}

caught! {
    Plan::crowds;
    an_intent_that_is_not_journaled: IntentNotJournaled by "paid twice"
    a_job_that_is_not_in_the_overflow_queue: OverflowForgotten by "no record"
}

caught! {
    Plan::given_up;
    a_letter_of_the_broker_taken_for_unsent: DeadLettersUnsent by "paid twice"
}

// In other worlds, a task that is known to exist shows that the denials prove nothing.
caught! {
    Plan::unanswered;
    a_look_up_that_was_never_tried: LookUpUntried by "paid twice"
}

caught! {
    Plan::forgetful;
    a_denied_task_that_is_forgotten: EvidenceForgotten by "paid twice"
}

caught! {
    Plan::several_accounts;
    a_task_that_is_looked_for_on_another_account: DeniedByAnotherAccount by "paid twice"
    a_bound_job_that_is_moved: BindingForgotten by "is bound to another"
    a_job_that_is_moved_after_it_was_sent: MovedAfterItWasSent by "paid twice"
    a_slot_of_the_other_account: PoolsConfused by "ran at once"
}

caught! {
    |seed, jobs| Plan::blackouts(seed, jobs).with_another_account();
    an_account_that_is_guessed: LostAccountGuessed by "paid twice"
}

caught! {
    Plan::lost_accounts;
    a_slot_that_is_held_on_one_of_two_accounts: OtherAccountsForgotten by "ran at once"
}

#[test]
fn every_mistake_has_its_test() {
    assert_eq!(Broken::ALL.len(), 39);
}
