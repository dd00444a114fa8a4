//! The server itself refuses a script whose keys are in different slots.

use std::pin::Pin;
use std::sync::Arc;

use crate::fixture::server::Server;
use crate::fixture::{settings, until};
use conformance::ledger as suite;
use ledger_redis::RedisLedger;
use ports::Ledger;

type Case = fn(Arc<dyn Ledger>) -> Pin<Box<dyn Future<Output = ()>>>;

macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        [$((stringify!($name), (|ledger| Box::pin(suite::$name(ledger))) as Case)),*]
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keys_of_every_script_share_a_slot() {
    let server = Server::start(&["cluster-enabled yes", "cluster-port 0"]).await;
    server.tell(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
    until("the cluster of one to be ready", async || {
        let info = server.tell(&["CLUSTER", "INFO"]).await;
        format!("{info:?}").contains("cluster_state:ok")
    })
    .await;
    // Together they use every script and every plain command.
    let cases = cases![
        joins_agree_on_one_generation,
        an_ended_lease_fences_every_write,
        renewing_keeps_the_lease,
        a_late_voice_cannot_swap,
        ids_of_any_kind_are_kept_apart,
        one_of_many_creators_wins,
        two_claimers_never_share,
        look_now_brings_it_forward,
        a_postponed_entry_comes_back_with_its_tries,
        a_claim_of_entries_keeps_to_its_limit,
        only_a_closing_entry_begins_the_retention,
        permits_are_exact_under_many_takers,
        an_unspent_return_gives_the_day_its_submission_back,
        proposals_are_few_and_in_order,
        a_task_has_one_owner,
        a_pause_lasts_until_resumed,
        pauses_are_listed_by_account,
        the_newest_witness_of_each_operation_is_kept,
        a_list_takes_only_what_is_asked_for,
    ];
    for (name, case) in cases {
        let ledger = RedisLedger::connect(settings(&server.url())).await;
        let ledger = ledger.unwrap_or_else(|error| panic!("{name}: {error}"));
        case(Arc::new(ledger)).await;
    }
}
