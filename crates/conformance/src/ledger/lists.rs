use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use job::{JobId, JobKey, Operation, Record, State, StateKind, Tenant};
use ports::{Cursor, Fence, Ledger, ListFilter};
use serde_json::Value;

use super::fixture::*;

fn names(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.key.to_string()).collect()
}

async fn list(ledger: &dyn Ledger, filter: &ListFilter) -> Vec<String> {
    names(&ledger.list(filter).await.unwrap())
}

fn all(limit: usize) -> ListFilter {
    ListFilter { limit, ..ListFilter::default() }
}

pub async fn a_list_shows_the_newest_first(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for n in [3, 1, 4, 0, 2] {
        let mut record = record(&format!("job-{n}"));
        record.created_at = CREATED + Duration::from_secs(n);
        created(&*ledger, &fence, plain(record)).await;
    }
    let three = ["default/job-4", "default/job-3", "default/job-2"];
    assert_eq!(list(&*ledger, &all(3)).await, three);
    assert_eq!(list(&*ledger, &all(100)).await.len(), 5);
    assert!(list(&*ledger, &all(0)).await.is_empty());
}

/// Tenants with a job of each of three states, all created at the same moment.
async fn three_states(ledger: &dyn Ledger, fence: &Fence) {
    let states = [("queued", record("x").state), ("pending", pending()), ("parked", parked())];
    for tenant in ["acme", "acme.b", "default"] {
        for (id, state) in &states {
            let tenant = Tenant::new(tenant).unwrap();
            let mut record = record_of(&JobKey::new(tenant, JobId::new(*id).unwrap()));
            record.state = state.clone();
            created(ledger, fence, plain(record)).await;
        }
    }
}

fn of(states: &[StateKind], tenant: Option<&str>) -> ListFilter {
    let tenant = tenant.map(|tenant| Tenant::new(tenant).unwrap());
    ListFilter { tenant, ..ListFilter::of_states(states, 100) }
}

pub async fn a_list_takes_only_what_is_asked_for(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    three_states(&*ledger, &fence).await;
    let both = list(&*ledger, &of(&[StateKind::Parked], Some("acme"))).await;
    assert_eq!(both, ["acme/parked"]);
    assert_eq!(list(&*ledger, &of(&[StateKind::Pending], None)).await.len(), 3);
    assert_eq!(list(&*ledger, &of(&[], Some("default"))).await.len(), 3);
    assert!(list(&*ledger, &of(&[StateKind::InDoubt], None)).await.is_empty());
    let several = [StateKind::Parked, StateKind::InDoubt, StateKind::Queued];
    assert_eq!(list(&*ledger, &of(&several, None)).await.len(), 6);
    assert_eq!(list(&*ledger, &of(&several, Some("acme"))).await, ["acme/queued", "acme/parked"]);
    assert!(list(&*ledger, &of(&[], Some("nobody"))).await.is_empty());
}

pub async fn a_list_takes_an_operation_and_a_time(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    for (n, operation) in ["a/b", "c/d", "a/b", "c/d"].iter().enumerate() {
        let mut record = record(&format!("job-{n}"));
        record.operation = Operation::new(*operation);
        record.created_at = CREATED + Duration::from_secs(n as u64);
        created(&*ledger, &fence, plain(record)).await;
    }
    let operation = Some(Operation::new("a/b"));
    let of_one = ListFilter { operation, ..all(9) };
    assert_eq!(list(&*ledger, &of_one).await, ["default/job-2", "default/job-0"]);
    let since = Some(CREATED + Duration::from_secs(2));
    let late = ListFilter { since, ..all(9) };
    assert_eq!(list(&*ledger, &late).await, ["default/job-3", "default/job-2"]);
    assert_eq!(list(&*ledger, &ListFilter { since, ..of_one }).await, ["default/job-2"]);
}

/// The names on each page.
async fn pages(ledger: &dyn Ledger, filter: &ListFilter) -> Vec<Vec<String>> {
    let (mut pages, mut after) = (Vec::new(), None::<Cursor>);
    loop {
        let page = ledger.page(filter, after.as_ref()).await.unwrap();
        pages.push(names(&page.records));
        after = page.next;
        if after.is_none() {
            return pages;
        }
    }
}

pub async fn pages_have_every_record_once(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    three_states(&*ledger, &fence).await;
    let mut newer = in_state("newer", pending());
    newer.created_at = CREATED + Duration::from_secs(1);
    created(&*ledger, &fence, plain(newer)).await;
    let whole = list(&*ledger, &all(100)).await;
    assert_eq!(whole[0], "default/newer");
    assert!(whole[1..].windows(2).all(|two| two[0] > two[1]), "by name: {whole:?}");
    for limit in 1..=11 {
        let found = pages(&*ledger, &all(limit)).await;
        assert_eq!(found.concat(), whole, "{limit}");
        assert_eq!(found.len(), 10_usize.div_ceil(limit), "{limit}");
    }
    let of_one = ListFilter { limit: 2, ..of(&[], Some("acme")) };
    let expected = [vec!["acme/queued", "acme/pending"], vec!["acme/parked"]];
    assert_eq!(pages(&*ledger, &of_one).await, expected);
}

pub async fn a_record_is_listed_where_it_is_now(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(record("moves"))).await;
    for (version, state) in [(1, pending()), (2, parked()), (3, pending())] {
        let kind = state.kind();
        swapped(&*ledger, &fence, version, plain(in_state("moves", state))).await;
        for listed in StateKind::ALL {
            let found = list(&*ledger, &of(&[listed], None)).await;
            assert_eq!(found.len(), usize::from(listed == kind), "{listed:?} of {kind:?}");
        }
        assert_eq!(list(&*ledger, &all(9)).await, ["default/moves"]);
        assert_eq!(list(&*ledger, &of(&[], Some("default"))).await, ["default/moves"]);
    }
}

pub async fn a_forgotten_record_is_not_listed(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    created(&*ledger, &fence, plain(in_state("forgotten", State::Tombstone))).await;
    created(&*ledger, &fence, plain(in_state("stays", pending()))).await;
    until("the other to be forgotten", async || list(&*ledger, &all(9)).await == ["default/stays"])
        .await;
    assert_eq!(list(&*ledger, &of(&[StateKind::Cancelled], Some("default"))).await, [""; 0]);
    // Created anew, it has one place.
    let mut again = in_state("forgotten", State::Tombstone);
    again.created_at = CREATED + Duration::from_secs(1);
    created(&*ledger, &fence, plain(again)).await;
    assert_eq!(list(&*ledger, &all(9)).await, ["default/forgotten", "default/stays"]);
    assert_eq!(list(&*ledger, &of(&[StateKind::Cancelled], None)).await.len(), 1);
}

pub async fn a_visit_meets_all_that_it_asks_for(ledger: Arc<dyn Ledger>) {
    let fence = member(&*ledger).await;
    let mut wanted = BTreeSet::new();
    for n in 0..300 {
        let mut record = in_state(&format!("job-{n}"), pending());
        if n % 50 == 0 {
            let text = "x".repeat(700_000);
            record.metadata = record.metadata.with("text", Value::from(text));
        }
        wanted.insert(record.key.to_string());
        created(&*ledger, &fence, plain(record)).await;
    }
    created(&*ledger, &fence, plain(in_state("parked", parked()))).await;
    // The limit applies to pages only.
    let filter = ListFilter::of_states(&[StateKind::Pending, StateKind::InDoubt], 1);
    let mut met = BTreeSet::new();
    let mut meet = |record: &Record| {
        met.insert(record.key.to_string());
    };
    ledger.visit(&filter, &mut meet).await.unwrap();
    assert_eq!(met, wanted);
    let large = ListFilter { limit: 1_000, ..filter };
    assert_eq!(list(&*ledger, &large).await.into_iter().collect::<BTreeSet<_>>(), wanted);
}
