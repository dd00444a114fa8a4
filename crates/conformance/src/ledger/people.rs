use std::sync::Arc;
use std::time::Duration;

use job::{JobId, JobKey, Operation, StateKind, Tenant};

use super::fixture::*;
use ports::{Ledger, ListFilter, NamedPause, Pause, Witness};

pub async fn a_pause_lasts_until_resumed(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.paused("default").await.unwrap(), None);
    let pause =
        Pause { reason: "the account has no balance".to_owned(), since: CREATED, until: FUTURE };
    ledger.pause("default", &pause).await.unwrap();
    assert_eq!(ledger.paused("default").await.unwrap(), Some(pause.clone()));
    assert_eq!(ledger.paused("another").await.unwrap(), None);
    let longer = Pause { until: FUTURE + Duration::from_secs(1), ..pause };
    ledger.pause("default", &longer).await.unwrap();
    assert_eq!(ledger.paused("default").await.unwrap(), Some(longer));
    for _ in 0..2 {
        ledger.resume("default").await.unwrap();
        assert_eq!(ledger.paused("default").await.unwrap(), None);
    }
}

pub async fn pauses_are_listed_by_account(ledger: Arc<dyn Ledger>) {
    let pause = |reason: &str| Pause { reason: reason.to_owned(), since: CREATED, until: FUTURE };
    for name in ["default", "default:videos", "default:videos:a/b", "default2", "another:videos"] {
        ledger.pause(name, &pause(name)).await.unwrap();
    }
    ledger.resume("default:videos:a/b").await.unwrap();
    let found = ledger.pauses("default").await.unwrap();
    let expected = ["default", "default:videos"]
        .map(|name| NamedPause { name: name.to_owned(), pause: pause(name) });
    assert_eq!(found, expected);
    assert_eq!(ledger.pauses("nobody").await.unwrap(), []);
}

fn witness(operation: &str, task_id: &str) -> Witness {
    let external_id = record(task_id).external_id;
    let operation = Operation::new(operation);
    Witness { operation, task_id: task_id.to_owned(), external_id, seen_at: CREATED }
}

pub async fn the_newest_witness_of_each_operation_is_kept(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.witnesses("default").await.unwrap(), []);
    let [old, new] = ["1", "2"].map(|task_id| witness("videos/text2video", task_id));
    let other = witness("videos/image2video", "3");
    for seen in [&old, &other, &new] {
        ledger.witness("default", seen).await.unwrap();
    }
    assert_eq!(ledger.witnesses("default").await.unwrap(), [other, new]);
    for another in ["another", "default2", "defaul"] {
        assert_eq!(ledger.witnesses(another).await.unwrap(), []);
    }
}

async fn list(ledger: &dyn Ledger, filter: ListFilter) -> Vec<String> {
    let records = ledger.list(&filter).await.unwrap();
    let names = records.into_iter().map(|record| record.key.to_string());
    names.collect()
}

pub async fn a_list_shows_the_newest_first(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for n in [3, 1, 4, 0, 2] {
        let mut record = record(&format!("job-{n}"));
        record.created_at = CREATED + Duration::from_secs(n);
        created(&*ledger, &fence, plain(record)).await;
    }
    let newest = |limit| ListFilter { limit, ..ListFilter::default() };
    let three = ["default/job-4", "default/job-3", "default/job-2"];
    assert_eq!(list(&*ledger, newest(3)).await, three);
    assert_eq!(list(&*ledger, newest(100)).await.len(), 5);
    assert!(list(&*ledger, newest(0)).await.is_empty());
}

pub async fn a_list_takes_only_what_is_asked_for(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let states = [("queued", record("x").state), ("pending", pending()), ("parked", parked())];
    for tenant in ["acme", "default"] {
        for (id, state) in &states {
            let tenant = Tenant::new(tenant).unwrap();
            let mut record = record_of(&JobKey::new(tenant, JobId::new(*id).unwrap()));
            record.state = state.clone();
            created(&*ledger, &fence, plain(record)).await;
        }
    }
    let filter = |state: Option<StateKind>, tenant: Option<&str>| ListFilter {
        states: state.into_iter().collect(),
        tenant: tenant.map(|tenant| Tenant::new(tenant).unwrap()),
        limit: 100,
    };
    let both = list(&*ledger, filter(Some(StateKind::Parked), Some("acme"))).await;
    assert_eq!(both, ["acme/parked"]);
    assert_eq!(list(&*ledger, filter(Some(StateKind::Pending), None)).await.len(), 2);
    assert_eq!(list(&*ledger, filter(None, Some("default"))).await.len(), 3);
    assert!(list(&*ledger, filter(Some(StateKind::InDoubt), None)).await.is_empty());
    let kinds = [StateKind::Parked, StateKind::InDoubt, StateKind::Queued];
    let several = ListFilter::of_states(&kinds, 100);
    assert_eq!(list(&*ledger, several).await.len(), 4);
    assert!(list(&*ledger, filter(None, Some("nobody"))).await.is_empty());
}

pub async fn a_good_ledger_passes_its_check(ledger: Arc<dyn Ledger>) {
    ledger.check().await.unwrap();
}

pub async fn a_visit_meets_all_that_it_asks_for(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut wanted = std::collections::BTreeSet::new();
    for n in 0..300 {
        let mut record = in_state(&format!("job-{n}"), pending());
        if n % 50 == 0 {
            let text = "x".repeat(700_000);
            record.metadata = record.metadata.with("text", serde_json::Value::from(text));
        }
        wanted.insert(record.key.to_string());
        created(&*ledger, &fence, plain(record)).await;
    }
    created(&*ledger, &fence, plain(in_state("parked", parked()))).await;
    let mut met = std::collections::BTreeSet::new();
    // The limit applies to lists only.
    let filter = ListFilter::of_states(&[StateKind::Pending, StateKind::InDoubt], 1);
    let mut meet = |record: &job::Record| {
        met.insert(record.key.to_string());
    };
    ledger.visit(&filter, &mut meet).await.unwrap();
    assert_eq!(met, wanted);
}
